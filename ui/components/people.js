// Who gets messages, by the sink that writes to them; a button sends each a word.
export default {
  template: `
  <div style="display:contents">
    <h2>{{ m.title }}</h2>
    <p v-if="!m.rows.length" class="nothing">{{ m.none }}</p>
    <section v-for="r in m.rows" :key="r.key" class="sink">
      <div class="line"><i :class="'lamp ' + r.level"></i><div class="names"><b>{{ r.name }}</b><span :class="'tag ' + r.level">{{ r.word }}</span><span v-if="r.kind !== r.name" class="kind">{{ r.kind }}</span></div>
        <button v-if="r.button" class="btn" type="button" :disabled="r.busy" :aria-label="r.button + ': ' + r.name" @click="$emit('try', r.key)"><i v-if="r.busy" class="waits"></i>{{ r.button }}</button></div>
      <p v-for="t in r.texts" :key="t">{{ t }}</p>
      <ul class="people"><li v-for="p in r.people" :key="p.key"><div class="what"><div class="line"><b>{{ p.name }}</b><span v-if="p.kind !== r.kind" class="kind">{{ p.kind }}</span></div><p v-for="f in p.facts" :key="f">{{ f }}</p><p v-if="p.problem" class="told-bad">{{ p.problem }}</p></div>
        <div class="side"><span v-for="s in p.side" :key="s">{{ s }}</span></div></li></ul>
      <p v-for="(s, i) in r.said" :key="i" :class="'told-' + s.level" role="status">{{ s.text }}</p>
    </section>
  </div>`,
  emits: ["try"],
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { rows: [] } }; },
  methods: { show(message) { this.m = message; } },
};
