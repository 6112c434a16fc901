// A keypad over the page. What is typed stays here until OK; a PIN is shown as dots only.
export default {
  template: `
  <div v-if="q" class="veil" @click.self="cancel">
    <div class="pad" role="dialog" aria-modal="true" :aria-label="q.title" ref="pad" tabindex="-1" @keydown="key">
      <div class="ask"><h3>{{ q.title }}</h3><p>{{ q.hint }}</p>
        <div class="typed" :aria-label="q.secret ? '' : typed"><template v-if="q.secret"><i v-for="n in Math.max(4, typed.length)" :key="n" :class="{on: n <= typed.length}"></i></template>
          <template v-else>{{ typed || '–' }}<small>{{ q.unit }}</small></template></div>
        <p class="said" role="alert">{{ said }}</p></div>
      <div class="keys">
        <button v-for="k in '123456789'" :key="k" class="btn" @click="add(k)">{{ k }}</button>
        <button class="btn" v-if="q.point" @click="add('.')" :aria-label="q.pointName">{{ q.point }}</button><span v-else></span>
        <button class="btn" @click="add('0')">0</button>
        <button class="btn" @click="back" :aria-label="q.erase"><svg class="ico" viewBox="0 0 24 24"><path d="M20 6H9l-6 6 6 6h11zM12 9.5l5 5M17 9.5l-5 5"/></svg></button>
        <button class="btn wide" @click="cancel">{{ q.cancel }}</button>
        <button class="btn pri wide" :disabled="!ready || busy" @click="done">{{ q.ok }}</button>
      </div>
    </div>
  </div>`,
  emits: ["entered", "cancelled"],
  data() { return { q: null, typed: "", said: "", busy: false }; },
  computed: { ready() { return this.typed.replace(".", "").length >= this.q.least; } },
  methods: {
    open(question) {
      Object.assign(this, { q: question, typed: "", said: "", busy: false });
      this.$nextTick(() => this.$refs.pad?.focus());
    },
    refuse(text) { Object.assign(this, { typed: "", said: text, busy: false }); },
    close() { this.q = null; this.typed = ""; },
    add(k) {
      if (this.busy || this.typed.length >= this.q.most || (k === "." && (!this.q.point || this.typed.includes(".")))) return;
      this.said = ""; this.typed += k;
    },
    back() { this.typed = this.typed.slice(0, -1); },
    cancel() { this.close(); this.$emit("cancelled"); },
    done() { if (this.ready && !this.busy) { this.busy = true; this.$emit("entered", this.typed); } },
    key(event) {
      if (/^[0-9]$/.test(event.key)) this.add(event.key);
      else if (event.key === "." || event.key === ",") this.add(".");
      else if (event.key === "Backspace") this.back();
      else if (event.key === "Escape") this.cancel();
      else if (event.key === "Enter" && event.target === this.$refs.pad) this.done();
      else return;
      event.preventDefault();
    },
  },
};
