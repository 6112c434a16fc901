export default {
  template: `
  <div style="display:contents">
    <div class="row"><h2>{{ m.title }}</h2><span v-if="m.tag" :class="'tag ' + m.level">{{ m.tag }}</span></div>
    <p v-if="!m.rows.some((r) => r.sub || r.width)" class="nothing">{{ m.none }}</p>
    <div v-else class="loads">
      <div v-for="r in m.rows" :key="r.key ?? r.name" :class="{load: true, off: r.off}">
        <b>{{ r.name }}</b>
        <div class="lane"><div :class="'fill ' + r.level" :style="{width: r.width + '%'}"></div><i v-if="r.mean !== null" :style="{left: r.mean + '%'}"></i></div>
        <span class="amps">{{ r.amps }}<small>{{ r.unit ?? 'A' }}</small></span>
        <span class="under">{{ r.sub }}</span>
      </div>
      <p v-if="m.fuse || m.legend">{{ [m.fuse, m.legend].filter(Boolean).join(' · ') }}</p>
    </div>
  </div>`,
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { rows: [] } }; },
  methods: { show(message) { this.m = message; } },
};
