export default {
  template: `
  <div style="display:contents">
    <div class="row"><h2>{{ m.title }}</h2><b v-if="m.right">{{ m.right }}</b></div>
    <div class="kv"><div v-for="i in m.items" :key="i.name"><b :class="'k-' + i.colour">{{ i.value }}</b><span>{{ i.name }}</span></div></div>
  </div>`,
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || { items: [] } }; },
  methods: { show(message) { this.m = message; } },
};
