export default {
  template: `
  <div class="pricehead">
    <div class="big">{{ m.value }}<small>{{ m.unit }}</small></div>
    <div class="taglist"><span v-for="t in m.tags" :key="t.text" :class="'tag ' + t.level">{{ t.text }}</span></div>
    <p v-if="m.notes">{{ m.notes }}</p>
  </div>`,
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { tags: [] } }; },
  methods: { show(message) { this.m = message; } },
};
