const ROUND = 2 * Math.PI * 42;
export default {
  template: `
  <div style="display:contents">
    <div class="row"><h2>{{ m.title }}</h2><span :class="'tag ' + m.level">{{ m.word }}</span></div>
    <div class="doughnut">
      <svg viewBox="0 0 100 100" role="img" :aria-label="m.word + ' ' + m.value + ' ' + m.unit">
        <circle class="rest" cx="50" cy="50" r="42"/>
        <circle v-for="(a,i) in arcs" :key="i" cx="50" cy="50" r="42" :stroke="'var(--' + m.colours[i] + ')'" :stroke-dasharray="a[1] + ' ' + round" :stroke-dashoffset="-a[0]" transform="rotate(-90 50 50)"/>
        <text x="50" y="53" class="val">{{ m.value }}<tspan class="unit" dx="2">{{ m.unit }}</tspan></text>
      </svg>
      <ul><li v-for="(n,i) in m.names" :key="n"><i :style="{background: 'var(--' + m.colours[i] + ')'}"></i>{{ n }}<b>{{ Math.round(100 * m.parts[i]) }} %</b></li></ul>
    </div>
    <p class="mut">{{ m.sub }}</p>
  </div>`,
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { parts: [], names: [], colours: [] }, round: ROUND }; },
  computed: {
    arcs() {
      let at = 0;
      return this.m.parts.map((part) => { const arc = [at * ROUND, Math.max(0, part * ROUND - 1.5)]; at += part; return arc; });
    },
  },
  methods: { show(message) { this.m = message; } },
};
