export default {
  template: `
  <div style="display:contents">
    <div class="row"><h2>{{ m.title }}</h2><div class="taglist"><span v-for="t in m.tags" :key="t.text" :class="'tag ' + t.level">{{ t.text }}</span></div></div>
    <div :class="'charge ' + m.level">
      <div class="big">{{ m.value }}<small>{{ m.unit }}</small></div>
      <div class="cell" role="img" :aria-label="m.aria">
        <div class="inside"><div v-if="m.width !== null" class="fill" :style="{width: m.width + '%'}"></div>
          <i v-if="m.mark" :style="{left: m.mark.at + '%'}"></i></div>
        <span v-if="m.mark" class="reserve" :style="m.mark.at > 50 ? {right: 100 - m.mark.at + '%'} : {left: m.mark.at + '%'}">{{ m.mark.text }}</span>
      </div>
    </div>
    <div class="facts"><div v-for="f in m.facts" :key="f.name"><b>{{ f.value }}</b><span>{{ f.name }}</span></div></div>
  </div>`,
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { tags: [], facts: [], mark: null, width: null } }; },
  methods: { show(message) { this.m = message; } },
};
