export default {
  template: `
  <div style="display:contents">
    <div class="row"><h2>{{ m.title }}</h2><span v-if="m.tag" :class="'tag ' + m.level">{{ m.tag }}</span></div>
    <div class="phases">
      <template v-for="p in m.rows" :key="p.name">
        <b>{{ p.name }}</b>
        <div class="track"><div :class="'fill ' + p.level" :style="{width: p.width + '%'}"></div><i v-if="m.limit"></i></div>
        <span class="n">{{ p.text }}</span>
      </template>
    </div>
  </div>`,
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { rows: [] } }; },
  methods: { show(message) { this.m = message; } },
};
