// Destinations of readings: state, numbers, the last error, and a button that tries the receiver.
export default {
  template: `
  <div style="display:contents">
    <h2 v-if="m.title">{{ m.title }}</h2>
    <p v-if="!m.rows.length" class="nothing">{{ m.none }}</p>
    <section v-for="r in m.rows" :key="r.key" class="sink">
      <div class="line"><i :class="'lamp ' + r.level"></i><div class="names"><b>{{ r.name }}</b><span :class="'tag ' + r.level">{{ r.word }}</span><span class="kind">{{ r.kind }}</span></div>
        <button v-if="r.button" class="btn" type="button" :disabled="r.busy" @click="$emit('try', r.key)"><i v-if="r.busy" class="waits"></i>{{ r.button }}</button></div>
      <p v-for="t in r.texts" :key="t">{{ t }}</p>
      <dl v-if="r.stats.length"><div v-for="s in r.stats" :key="s.name" :class="s.level"><dt>{{ s.name }}</dt><dd>{{ s.value }}</dd></div></dl>
      <p v-if="r.error" class="err">{{ r.error }}</p>
      <p v-if="r.said" :class="'told-' + r.said.level" role="status">{{ r.said.text }}</p>
    </section>
  </div>`,
  emits: ["try"],
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { rows: [] } }; },
  methods: { show(message) { this.m = message; } },
};
