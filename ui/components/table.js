export default {
  template: `
  <div style="display:contents">
    <h2 v-if="m.title">{{ m.title }}</h2>
    <p v-if="!m.rows.length" class="nothing">{{ m.none }}</p>
    <table v-else class="table"><thead v-if="m.head.length"><tr><th v-for="h in m.head" :key="h" scope="col">{{ h }}</th></tr></thead>
      <tbody><tr v-for="r in m.rows" :key="r.key"><td v-for="(c,i) in r.cells" :key="i">{{ c }}<small v-if="i === 0 && r.sub">{{ r.sub }}</small></td></tr></tbody></table>
  </div>`,
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { rows: [], head: [] } }; },
  methods: { show(message) { this.m = message; } },
};
