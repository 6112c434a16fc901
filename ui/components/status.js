// Top bar, banners and idle clock. The connection is watched here: the server cannot tell that it is gone.
const WARN = "M12 3.5 2.5 20h19ZM12 10v4.5M12 17.3v.2";
const QUIET_MS = 120000;
const NUDGE_MS = 60000;
export default {
  template: `
  <div style="display:contents">
    <header class="bar">
      <span class="clk">{{ m.clock }}</span><span class="day">{{ m.day }}</span><span class="grow"></span>
      <a v-for="(c,i) in m.chips" :key="i" class="tap" :href="c.page || '/status'"><span :class="'chip ' + c.level">{{ c.text }}</span></a>
    </header>
    <div v-if="lost" class="banner lost" role="alert"><svg class="ico" viewBox="0 0 24 24"><path d="${WARN}"/></svg><span>{{ m.lost }}</span></div>
    <div v-else-if="m.banner" class="banner" role="status"><svg class="ico" viewBox="0 0 24 24"><path d="${WARN}"/></svg>
      <span>{{ m.banner }}</span><a class="btn" href="/status">{{ m.check }}</a></div>
    <div v-if="asleep" :class="['idle', {night: m.night}]" @pointerdown.stop.prevent="wake" @click.stop.prevent="wake">
      <div :style="{transform: 'translate(' + shift + ')', textAlign: 'center'}"><div class="c">{{ m.clock }}</div></div>
      <div class="r" :style="{transform: 'translate(' + shift + ')'}">
        <div v-for="i in m.idle" :key="i.name" ><b :class="i.colour">{{ i.value }}</b><span>{{ i.name }}</span></div></div>
    </div>
  </div>`,
  props: { first: { default: "null" }, quiet: { default: QUIET_MS } },
  data() {
    return { m: JSON.parse(this.first) || { chips: [], idle: [] }, lost: false, asleep: false, shift: "0,0" };
  },
  mounted() {
    this.touched = () => this.rest();
    for (const kind of ["pointerdown", "keydown", "wheel"]) window.addEventListener(kind, this.touched, { passive: true });
    this.hook = setInterval(() => this.listen(), 50);
    this.nudge = setInterval(() => { if (this.asleep) this.move(); }, NUDGE_MS);
    this.rest();
  },
  unmounted() {
    for (const kind of ["pointerdown", "keydown", "wheel"]) window.removeEventListener(kind, this.touched);
    clearInterval(this.hook); clearInterval(this.nudge); clearTimeout(this.timer);
  },
  methods: {
    show(message) { this.m = message; },
    listen() {
      if (!window.socket) return;
      clearInterval(this.hook);
      window.socket.on("disconnect", () => this.setLost(true));
      window.socket.on("connect", () => this.setLost(false));
    },
    setLost(lost) {
      this.lost = lost; document.body.classList.toggle("lost", lost);
      if (lost) window.dispatchEvent(new Event("serverlost"));
    },
    rest() {
      clearTimeout(this.timer);
      if (!this.asleep) this.timer = setTimeout(this.sleep, Number(this.quiet));
    },
    sleep() {
      const wall = window.innerWidth > window.innerHeight && window.innerWidth <= 1024 && window.innerHeight <= 800;
      if (!wall) return this.rest();
      this.move(); this.asleep = true; document.body.classList.add("asleep");
    },
    move() { this.shift = [0, 0].map(() => Math.round(Math.random() * 16 - 8) + "px").join(","); },
    wake() {
      // The overlay stays until the finger is up, so that the same touch presses nothing beneath it.
      setTimeout(() => { this.asleep = false; document.body.classList.remove("asleep"); this.rest(); }, 300);
    },
  },
};
