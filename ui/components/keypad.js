// A keypad over the page, or in it. What is typed stays here until OK; a PIN is shown as dots only.
const ERASE = "M20 6H9l-6 6 6 6h11zM12 9.5l5 5M17 9.5l-5 5";
export default {
  template: `
  <div v-if="q" :class="place ? 'inpad' : 'veil'" @click.self="place || cancel()">
    <div :class="['pad', {seen: q.image}]" :role="place ? 'group' : 'dialog'" :aria-modal="place ? null : 'true'" :aria-label="q.title" ref="pad" tabindex="-1" @keydown="key">
      <div class="ask"><h3>{{ q.title }}</h3><p v-if="q.hint">{{ q.hint }}</p>
        <button v-if="q.image" class="print" type="button" :style="near?.frame" :aria-label="q.whole" :aria-disabled="String(!q.crop)" :tabindex="q.crop ? 0 : -1" @click="whole = !!q.crop && !whole"><img :src="q.image" :alt="q.hint" :style="near?.image"></button>
        <div class="typed" :aria-label="q.secret ? '' : typed" aria-live="polite"><template v-if="q.secret"><i v-for="n in Math.max(4, typed.length)" :key="n" :class="{on: n <= typed.length}"></i></template>
          <template v-else><span>{{ typed.replace(/\\./g, q.point || '.') || '–' }}</span><small>{{ q.unit }}</small></template></div>
        <p class="said" role="alert"><template v-if="busy && !place"><i class="waits"></i>{{ q.wait }}</template>{{ said }}</p></div>
      <div class="keys">
        <button v-for="k in '123456789'" :key="k" class="btn" type="button" @click="add(k)">{{ k }}</button>
        <button class="btn" type="button" v-if="q.point" @click="add('.')" :aria-label="q.pointName">{{ q.point }}</button><span v-else></span>
        <button class="btn" type="button" @click="add('0')">0</button>
        <button class="btn" type="button" @click="back" :aria-label="q.erase"><svg class="ico" viewBox="0 0 24 24"><path d="${ERASE}"/></svg></button>
        <button class="btn wide" type="button" v-if="!place" @click="cancel">{{ q.cancel }}</button>
        <button class="btn pri wide" type="button" :disabled="!ready || busy" @click="done">{{ typed || !q.without ? q.ok : q.without }}</button>
      </div>
    </div>
  </div>`,
  emits: ["entered", "cancelled"],
  props: { place: { default: false }, first: { default: "null" } },
  data() { return { q: JSON.parse(this.first), typed: "", said: "", busy: false, whole: false }; },
  computed: {
    near() { return this.whole ? null : this.q.crop; },
    ready() { return this.typed.replace(/\./g, "").length >= (this.typed ? Math.max(1, this.q.least) : this.q.least); } },
  mounted() { // at a desk the number is typed without looking for a field
    this.anywhere = (event) => { if (event.target === document.body && this.$el.offsetParent) this.key(event); };
    if (this.place) window.addEventListener("keydown", this.anywhere);
  },
  unmounted() { window.removeEventListener("keydown", this.anywhere); },
  methods: {
    open(question) {
      Object.assign(this, { q: question, typed: "", said: "", busy: false, whole: false });
      this.$nextTick(() => this.$refs.pad?.focus());
    },
    refuse(text) {
      Object.assign(this, { typed: "", said: text, busy: false });
      this.$refs.pad?.focus(); // the button that was pressed is deaf now, and keys would be lost with it
    },
    empty() { this.typed = ""; },
    wait(busy) { this.busy = busy; if (busy) this.said = ""; },
    close() { this.q = null; this.typed = ""; },
    add(k) {
      const points = this.typed.split(".").length - 1;
      if (this.busy || this.typed.length >= this.q.most || (k === "." && (!this.q.point || points >= (this.q.points || 1)))) return;
      this.said = ""; this.typed += k;
    },
    back() { if (!this.busy) this.typed = this.typed.slice(0, -1); },
    cancel() { if (this.place) this.typed = ""; else { this.close(); this.$emit("cancelled"); } },
    done() { if (this.ready && !this.busy) { this.busy = true; this.$emit("entered", this.typed); } },
    key(event) {
      if (/^[0-9]$/.test(event.key)) this.add(event.key);
      else if (event.key === "." || event.key === ",") this.add(".");
      else if (event.key === "Backspace") this.back();
      else if (event.key === "Escape") this.cancel();
      else if (event.key === "Enter" && [this.$refs.pad, document.body].includes(event.target)) this.done();
      else return;
      event.preventDefault();
    },
  },
};
