export default {
  template: `
  <div style="display:contents">
    <h2 v-if="m.title">{{ m.title }}</h2>
    <p v-if="!m.rows.length" class="nothing">{{ m.none }}</p>
    <ul class="rows">
      <li v-for="r in m.rows" :key="r.key" :class="{shot: r.image}">
        <div v-if="r.image" class="print" :style="r.crop?.frame"><img :src="r.image" :alt="r.name" :style="r.crop?.image" loading="lazy"></div>
        <i v-else :class="'lamp ' + r.level"></i>
        <component :is="r.to ? 'a' : 'div'" :href="r.to" class="what"><div class="line"><b>{{ r.name }}</b><span v-if="r.word" :class="'tag ' + r.level">{{ r.word }}</span>
          <span class="kind" v-if="r.kind">{{ r.kind }}</span></div>
          <p v-for="(t,i) in r.texts" :key="i">{{ t }}</p><pre v-if="r.code">{{ r.code }}</pre>
          <button v-if="r.button" class="btn" type="button" @click="$emit('act', r.key)">{{ r.button }}</button></component>
        <div class="side"><span v-for="(t,i) in r.side" :key="i">{{ t }}</span></div>
      </li>
    </ul>
  </div>`,
  emits: ["act"],
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { rows: [] } }; },
  methods: { show(message) { this.m = message; } },
};
