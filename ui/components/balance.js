export default {
  template: `
  <div style="display:contents">
    <div class="row"><h2>{{ m.title }}</h2><div class="taglist"><span v-for="t in m.tags" :key="t.text" :class="'tag ' + t.level">{{ t.text }}</span></div></div>
    <div :class="'balance ' + m.level">
      <div class="big">{{ m.value }}</div>
      <div v-if="m.width !== null" class="days" aria-hidden="true"><div class="lane"><div class="fill" :style="{width: m.width + '%'}"></div>
        <i v-if="m.mark" :style="{left: m.mark.at + '%'}" :title="m.mark.text"></i></div></div>
      <p>{{ m.lasts }}</p>
    </div>
    <div class="facts"><div v-for="f in m.facts" :key="f.name"><b>{{ f.value }}</b><span>{{ f.name }}</span></div></div>
  </div>`,
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { tags: [], facts: [], mark: null, width: null } }; },
  methods: { show(message) { this.m = message; } },
};
