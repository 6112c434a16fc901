export default {
  template: `
  <div class="photo">
    <svg v-if="m.src && width" :viewBox="'0 0 ' + width + ' ' + height" role="img" :aria-label="m.aria">
      <image :href="m.src" :width="width" :height="height"/>
      <g v-for="(b,i) in m.boxes" :key="i" :class="'box ' + b.level">
        <rect :x="b.at[0]" :y="b.at[1]" :width="b.at[2]" :height="b.at[3]" :rx="b.at[2]*.06" fill="none" vector-effect="non-scaling-stroke"/>
        <path v-if="b.text" class="pill" :d="'M'+(b.at[0]+b.at[2]/2-size*(.29*b.text.length-.21))+' '+(b.at[1]-size*.7)+'h'+size*(.58*b.text.length-.42)" :stroke-width="size*1.2"/>
        <text :x="b.at[0]+b.at[2]/2" :y="b.at[1]-size*.35" :font-size="size" text-anchor="middle">{{ b.text }}</text>
      </g>
    </svg>
    <p v-else class="nothing">{{ m.none }}</p>
  </div>`,
  props: { first: { default: "null" } },
  data() { return { m: {}, width: 0, height: 0 }; },
  computed: {
    size() { return Math.max(this.width * 0.029, 14); },
  },
  created() { this.show(JSON.parse(this.first) || {}); },
  methods: {
    show(message) {
      if (!message.src) { this.m = message; return; }
      const image = new Image();
      image.onload = () => {
        this.width = message.width || image.naturalWidth;
        this.height = message.height || image.naturalHeight;
        this.m = message;
      };
      image.onerror = () => { this.m = { none: message.none, boxes: [] }; };
      image.src = message.src;
    },
  },
};
