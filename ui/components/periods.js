// Two counters side by side, a row for each period; a month can be opened.
export default {
  template: `
  <div style="display:contents">
    <p v-if="!m.rows.length" class="nothing">{{ m.none }}</p>
    <table v-else class="periods">
      <thead v-if="m.head.length"><tr><th scope="col">{{ m.title }}</th><th v-for="(h,i) in m.head" :key="h" scope="col" :class="{wide: i < m.head.length - 1}">{{ h }}</th><th><span class="unseen">{{ m.verdict }}</span></th></tr></thead>
      <tbody><tr v-for="r in m.rows" :key="r.key" :class="{open: r.open}" @click="r.open && $emit('open', r.key)">
        <th scope="row"><button v-if="r.open" type="button" :aria-label="m.open.replace('{name}', r.name)">{{ r.name }}</button><template v-else>{{ r.name }}</template><small v-if="r.days">{{ r.days }}</small></th>
        <td class="wide">{{ r.meter }}</td><td v-if="m.head.length > 2" class="wide">{{ r.other }}</td>
        <td v-if="r.word"><template v-if="r.apart"><b :class="r.level">{{ r.percent || r.apart }}</b><small>{{ r.percent ? r.apart : '' }}<template v-if="r.money"> · {{ r.money }}</template></small></template><small v-else>{{ r.why }}</small></td>
        <td v-if="r.word" class="said"><span :class="'tag ' + r.level">{{ r.word }}</span></td>
      </tr></tbody></table>
  </div>`,
  emits: ["open"],
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { rows: [], head: [] } }; },
  methods: { show(message) { this.m = message; } },
};
