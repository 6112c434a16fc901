// Bars along time. `bars` holds [up, down, class] per slot or null where nothing is known; heights are 0..1.
export default {
  template: `
  <div style="display:contents">
    <div class="row"><h2>{{ m.title }}</h2><span v-if="m.tag" :class="'tag ' + m.level">{{ m.tag }}</span></div>
    <div class="row"><div class="big">{{ m.value }}<small>{{ m.unit }}</small></div>
      <div class="nx" v-if="m.note">{{ m.note }}<b>{{ m.noteValue }}</b></div></div>
    <p v-if="!m.bars.length" class="nothing">{{ m.aria }}</p>
    <svg v-else class="strip" :viewBox="'0 0 ' + m.bars.length + ' 100'" preserveAspectRatio="none" role="img" :aria-label="m.aria">
      <template v-for="(b,i) in m.bars" :key="i">
        <rect v-if="b === null" class="gap" :x="i+.1" width=".8" :y="zero-1" height="2"/>
        <template v-else>
          <rect v-if="b[0]" :class="b[2]" :x="i+.1" width=".8" :y="zero-b[0]*zero" :height="Math.max(1.5,b[0]*zero)"/>
          <rect v-if="b[1]" class="exp" :x="i+.1" width=".8" :y="zero" :height="Math.max(1.5,b[1]*(100-zero))"/>
        </template>
      </template>
      <line class="zero" x1="0" :x2="m.bars.length" :y1="zero" :y2="zero" vector-effect="non-scaling-stroke"/>
      <line v-if="m.now !== null" class="now" :x1="m.now" :x2="m.now" y1="0" y2="100" vector-effect="non-scaling-stroke"/>
    </svg>
    <div class="hours"><span v-for="h in m.hours" :key="h[0]" :style="{left: h[0] + '%'}">{{ h[1] }}</span></div>
  </div>`,
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { bars: [], hours: [], now: null, zero: 1 } }; },
  computed: { zero() { return 100 * this.m.zero; } },
  methods: { show(message) { this.m = message; } },
};
