// The same signs as in the flow picture.
const GLYPH = {
  grid: "M12 3v4M8 21l2.2-14h3.6L16 21M5.5 9.5h13M6.5 13.5h11M9 13.5l6 7.5M15 13.5 9 21",
  generator: "M3 8.5h18v9H3zM6 17.5V20M18 17.5V20M7 8.5V5.5h5v3M16 5.5v3M16 5.5h2.5M11.6 10.5 9.8 13.2h3.6L11.6 15.8",
};
export default {
  template: `
  <div style="display:contents">
    <div class="row"><h2>{{ m.title }}</h2><div class="taglist"><span v-for="t in m.tags" :key="t.text" :class="'tag ' + t.level">{{ t.text }}</span></div></div>
    <div :class="['supply', m.way, {old: m.old}]">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path :d="GLYPH[m.way] || 'M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1.2-1.5 2.3M12 18v.2'"/></svg>
      <div><div class="name">{{ m.name }}<small v-if="m.short">{{ m.short }}</small></div><p>{{ m.since }}</p></div>
    </div>
    <div class="facts"><div v-for="f in m.facts" :key="f.name"><b>{{ f.value }}</b><span>{{ f.name }}</span></div></div>
  </div>`,
  props: { first: { default: "null" } },
  data() { return { GLYPH, m: JSON.parse(this.first) || { tags: [], facts: [] } }; },
  methods: { show(message) { this.m = message; } },
};
