// Power flow. A message changes numbers, lengths and playback rates only, so running dots never restart.
const PATHS = {
  solar_home: "M214 108 C214 165 232 176 290 176",
  solar_grid: "M186 108 C186 165 168 176 110 176",
  solar_battery: "M200 112 L200 253",
  grid_home: "M112 180 L288 180",
  generator_home: "M112 180 L288 180",
  battery_home: "M214 256 C214 200 232 184 290 184",
  battery_grid: "M186 256 C186 200 168 184 110 184",
  grid_battery: "M110 184 C168 184 186 200 186 256",
  generator_battery: "M110 184 C168 184 186 200 186 256",
};
const COLOUR = {
  solar_home: "solar", solar_grid: "export", solar_battery: "solar", grid_home: "grid",
  battery_home: "battery", battery_grid: "export", grid_battery: "grid",
  generator_home: "generator", generator_battery: "generator",
};
const PLACE = { solar: [200, 58], grid: [58, 180], generator: [58, 180], home: [342, 180], battery: [200, 306] };
const GLYPH = {
  solar: "M12 4V2M12 22v-2M4 12H2M22 12h-2M6 6 4.6 4.6M19.4 19.4 18 18M18 6l1.4-1.4M4.6 19.4 6 18M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Z",
  home: "M3.5 11.5 12 4l8.5 7.5M6 9.5V20h4.5v-5.5h3V20H18V9.5",
  battery: "M9.5 5V3h5v2M7 5h10v16H7zM12.8 9 10 13.5h4L11.2 18",
  generator: "M3 8.5h18v9H3zM6 17.5V20M18 17.5V20M7 8.5V5.5h5v3M16 5.5v3M16 5.5h2.5M11.6 10.5 9.8 13.2h3.6L11.6 15.8",
  grid: "M12 3v4M8 21l2.2-14h3.6L16 21M5.5 9.5h13M6.5 13.5h11M9 13.5l6 7.5M15 13.5 9 21",
};
const ROUND = 2 * Math.PI * 52;
export default {
  template: `
  <div style="display:contents">
    <div class="head">{{ m.head }}</div><div class="sub2">{{ m.sub }}</div>
    <div v-if="m.hero" class="hero"><img v-if="m.hero.src" :src="m.hero.src" alt="">
      <div class="reg">{{ m.hero.value }}<small>{{ m.hero.unit }}</small></div><p class="mut">{{ m.hero.sub }}</p></div>
    <svg v-else class="flow" :viewBox="box" role="img" :aria-label="m.head + '. ' + m.aria">
      <g fill="none" stroke-linecap="round">
        <path v-for="k in wires" :key="k" :d="PATHS[k]" class="rail"/>
        <path v-for="k in wires" :key="'w'+k" v-show="m.flows[k]" :d="PATHS[k]" :class="'wire c-'+COLOUR[k]"
          :style="{strokeWidth: width(m.flows[k])}"/>
      </g>
      <g v-for="k in wires" :key="'d'+k" v-show="m.flows[k]">
        <circle v-for="i in 2" :key="i" ref="dots" :data-k="k" r="5" :class="'dot f-'+COLOUR[k]"
          :style="{offsetPath: 'path(\\'' + PATHS[k] + '\\')', animationDelay: (-1.6*i)+'s'}"/>
      </g>
      <g v-for="(n,k) in m.nodes" :key="'n'+k" :transform="'translate('+PLACE[k]+')'" :class="{none: n.none}" :data-node="k">
        <circle r="52" class="disc"/><circle r="52" class="ring"/>
        <circle v-for="(a,i) in arcs(n)" :key="i" r="52" :class="'arc c-'+a.c" transform="rotate(-90)"
          :stroke-dasharray="a.len+' '+ROUND" :stroke-dashoffset="-a.off"/>
        <template v-for="(a,i) in arcs(n)" :key="'e'+i"><circle v-if="a.len > 1" r="55.4" :class="'edge i-'+a.c" transform="rotate(-90)"
          :stroke-dasharray="a.len*55.4/52+' '+ROUND*2" :stroke-dashoffset="-a.off*55.4/52"/></template>
        <path :d="GLYPH[k]" :class="'glyph i-'+n.colour" transform="translate(-11,-40) scale(.92)"/>
        <text y="13" class="val" :style="{fontSize: n.value.length > 6 ? '20px' : null}">{{ n.value }}<tspan class="unit" dx="2">{{ n.unit }}</tspan></text>
        <text y="32" class="sub">{{ n.sub }}</text>
      </g>
    </svg>
  </div>`,
  props: { first: { default: "null" } },
  data() {
    return { PATHS, COLOUR, PLACE, GLYPH, ROUND, m: JSON.parse(this.first) || { head: "", sub: "", aria: "", flows: {}, nodes: {} } };
  },
  computed: {
    wires() {
      return Object.keys(PATHS).filter((k) => k.split("_").every((end) => end in this.m.nodes));
    },
    box() {
      const top = "solar" in this.m.nodes ? 0 : 116;
      const bottom = "battery" in this.m.nodes ? 364 : 248;
      return `0 ${top} 400 ${bottom - top}`;
    },
  },
  mounted() { this.pace(); },
  methods: {
    show(message) {
      this.m = message;
      this.$nextTick(this.pace);
    },
    width(w) { return (2.5 + Math.min(5, (w || 0) / 900)).toFixed(1); },
    arcs(node) {
      let off = 0;
      return (node.arcs || []).map(([c, share]) => {
        const arc = { c, len: share * ROUND, off };
        off += arc.len;
        return arc;
      });
    },
    pace() {
      for (const dot of this.$refs.dots || [])
        for (const run of dot.getAnimations())
          run.updatePlaybackRate(0.45 + Math.min(2.2, (this.m.flows[dot.dataset.k] || 0) / 1500));
    },
  },
};
