export default {
  template: `
  <div style="display:contents">
    <h2>{{ m.title }}</h2>
    <div class="head">{{ m.head }}</div>
    <div class="big">{{ m.value }}<small>{{ m.unit }}</small></div>
    <ul v-if="m.rows.length" class="streams">
      <li v-for="r in m.rows" :key="r.key" :class="{own: r.own}"><span>{{ r.name }}</span><b>{{ r.value }}</b>
        <div class="lane"><div :class="'fill s-' + r.colour" :style="{width: r.width + '%'}"></div></div></li>
    </ul>
  </div>`,
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { rows: [] } }; },
  methods: { show(message) { this.m = message; } },
};
