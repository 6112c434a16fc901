// Topics of messages: what each tells, a switch, its thresholds, a try, and what came of the try.
export default {
  template: `
  <div style="display:contents">
    <section v-for="(g, i) in m.groups" :key="i" :class="['card', 'topics', {dim: !g.possible}]">
      <h2>{{ g.title }}</h2>
      <article v-for="t in g.rows" :key="t.key" :class="['topic', {off: !t.on}]" :data-topic="t.key">
        <div class="what"><div class="line"><b>{{ t.name }}</b><span v-if="t.tag" class="tag none">{{ t.tag }}</span></div><p>{{ t.text }}</p><p v-if="t.why" class="why">{{ t.why }}</p></div>
        <div v-if="t.fields.length || t.reset" class="limits">
          <button v-for="f in t.fields" :key="f.key" :class="['btn', 'choice', {changed: f.changed}]" type="button" :data-field="f.key" @click="$emit('threshold', f.key)"><span class="mut">{{ f.name }}</span><span>{{ f.value }}</span></button>
          <button v-if="t.reset" class="btn reset" type="button" @click="$emit('reset', t.key)">{{ t.reset }}</button></div>
        <div class="acts"><button v-if="t.test" class="btn" type="button" :disabled="t.busy" :aria-label="m.test + ': ' + t.name" @click="$emit('test', t.key)"><i v-if="t.busy" class="waits"></i>{{ m.test }}</button>
          <button class="switch" type="button" role="switch" :aria-checked="String(t.on)" :aria-label="t.name" @click="$emit('switch', t.key)"><i></i></button></div>
        <p v-for="(s, i) in t.said" :key="i" :class="'heard told-' + s.level" role="status">{{ s.text }}</p>
      </article>
    </section>
  </div>`,
  emits: ["switch", "test", "threshold", "reset"],
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { groups: [] } }; },
  methods: { show(message) { this.m = message; } },
};
