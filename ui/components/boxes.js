// Boxes on a picture, moved by finger, mouse, pen or keys. The server hears of them when they are let go.
const TAP = 5; // px a finger may wander and still mean a tap
const REACH = 26; // px around the middle of a handle
const LEAST = 8; // px of the picture: nobody reads a smaller box
const CORNERS = [[0, 0], [1, 0], [1, 1], [0, 1]];
const KEYS = { ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowUp: [0, -1, 0], ArrowDown: [0, 1, 0], "+": [0, 0, 1], "-": [0, 0, -1] };
export default {
  template: `
  <div class="photo boxes" ref="frame">
    <svg v-if="m.src" ref="svg" :viewBox="view.join(' ')" role="group" :aria-label="m.aria" @pointerdown="down" @pointermove="move"
      @pointerup="up" @pointercancel="cancel" @wheel.prevent="wheel" @contextmenu.prevent>
      <image :href="m.src" :width="m.width" :height="m.height"/>
      <rect v-for="(b,i) in m.others" :key="'o'+i" class="other" :x="b.at[0]" :y="b.at[1]" :width="b.at[2]" :height="b.at[3]" vector-effect="non-scaling-stroke"/>
      <g v-for="(b,i) in m.boxes" :key="i" :class="['box', b.level, {on: chosen(i), idle: !m.edit}]" :data-box="i" :tabindex="m.edit ? 0 : -1"
        role="button" :aria-label="b.name" :aria-pressed="String(chosen(i))" @focus="focused($event, i)" @keydown="key($event, i)">
        <ellipse v-if="b.kind === 'dial'" :cx="b.at[0]+b.at[2]/2" :cy="b.at[1]+b.at[3]/2" :rx="b.at[2]/2" :ry="b.at[3]/2" vector-effect="non-scaling-stroke"/>
        <rect v-else :x="b.at[0]" :y="b.at[1]" :width="b.at[2]" :height="b.at[3]" :rx="4*px" vector-effect="non-scaling-stroke"/>
        <path v-if="b.kind === 'dial'" :d="arrow(b)" vector-effect="non-scaling-stroke"/>
        <path v-if="b.text" class="pill" :d="'M'+(b.at[0]+b.at[2]/2-px*(4*b.text.length-3))+' '+(b.at[1]-12*px)+'h'+px*(8*b.text.length-6)" :stroke-width="18*px"/>
        <text :x="b.at[0]+b.at[2]/2" :y="b.at[1]-7*px" :font-size="14*px" text-anchor="middle">{{ b.text }}</text>
        <circle v-if="b.point" class="point" :cx="b.at[0]-2.5*px" :cy="b.at[1]+b.at[3]" :r="4.5*px"/>
      </g>
      <g v-if="m.edit && held" class="handles">
        <rect :x="held[0]" :y="held[1]" :width="held[2]" :height="held[3]" :rx="4*px" vector-effect="non-scaling-stroke"/>
        <circle v-for="(c,i) in CORNERS" :key="i" :cx="held[0]+c[0]*held[2]" :cy="held[1]+c[1]*held[3]" :r="8.5*px" vector-effect="non-scaling-stroke"/></g>
    </svg>
    <p v-else class="nothing">{{ m.none }}</p>
    <button class="btn round undo" type="button" v-if="m.edit && m.undo" :aria-label="m.words.undo" @click="$emit('undo')"><svg class="ico" viewBox="0 0 24 24"><path d="M8.5 5 4 9.5 8.5 14M4.5 9.5H14a5.3 5.3 0 0 1 0 10.6H9"/></svg></button>
    <div class="corner">
      <button class="btn round" type="button" v-if="m.boxes.length" :aria-label="m.words.zoom" :aria-pressed="String(near)" @click="toggle"><svg class="ico" viewBox="0 0 24 24"><path :d="near ? OUT : IN"/></svg></button>
      <button class="btn round" type="button" :disabled="!!m.busy" :aria-label="m.words.fresh" @click="$emit('fresh')"><svg class="ico" viewBox="0 0 24 24"><path d="M4 8h3.5L9 5.5h6L16.5 8H20v11H4zM12 10a3.3 3.3 0 1 0 0 6.6 3.3 3.3 0 0 0 0-6.6Z"/></svg></button>
    </div>
    <p v-if="m.said" class="told" role="alert" @click="m.said = null">{{ m.said }}</p>
    <p v-else-if="m.note" class="told calm" role="status">{{ m.note }}</p>
    <div v-if="m.busy" class="busy" role="status"><i></i><span>{{ m.busy }}</span></div>
  </div>`,
  emits: ["placed", "picked", "removed", "fresh", "undo", "leave"],
  props: { first: { default: "null" } },
  data() {
    return {
      CORNERS, IN: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.3 15.3 20 20M10.5 7.8v5.4M7.8 10.5h5.4",
      OUT: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.3 15.3 20 20M7.8 10.5h5.4",
      m: JSON.parse(this.first) || { boxes: [], others: [], words: {} }, view: [0, 0, 1, 1], near: true, px: 1,
    };
  },
  computed: { held() { return this.m.boxes[this.m.chosen]?.at; } },
  created() { this.fingers = new Map(); this.drag = null; this.later = null; },
  mounted() {
    this.sized = new ResizeObserver(() => this.look());
    this.sized.observe(this.$refs.frame);
    this.look();
    document.addEventListener("click", this.left, true);
    window.addEventListener("beforeunload", this.unload);
    window.addEventListener("serverlost", this.forget);
  },
  unmounted() {
    this.sized.disconnect(); clearTimeout(this.told);
    document.removeEventListener("click", this.left, true);
    window.removeEventListener("beforeunload", this.unload);
    window.removeEventListener("serverlost", this.forget);
  },
  methods: {
    show(message) {
      this.heard = true;
      if (this.drag || this.told) { this.later = message; return; } // what the finger holds is newer
      const { frame, width, height } = this.m;
      this.m = message;
      if (message.frame !== frame) this.near = true;
      else if (message.width === width && message.height === height) return;
      this.look();
    },
    left(event) { // a link was pressed that would lose what is not saved
      const link = event.target.closest("a[href]");
      if (!link || !this.m.unsaved || document.body.classList.contains("lost")) return;
      event.preventDefault();
      this.$emit("leave", link.getAttribute("href"));
    },
    unload(event) { if (this.m.unsaved && this.heard) event.preventDefault(); }, // back, reload, close: the browser asks
    forget() { this.heard = false; }, // a server that begins anew reloads the page, and nobody may be there to answer
    chosen(i) { return this.m.edit && (this.m.together || i === this.m.chosen); },
    arrow(b) {
      const [x, y, w, h] = b.at, r = w * 0.3, side = b.clockwise ? 1 : -1, t = w * 0.09;
      const cx = x + w / 2, cy = y + h / 2, tip = [cx + side * r * 0.87, cy - r * 0.5];
      return `M${cx - side * r * 0.87} ${cy - r * 0.5}A${r} ${r} 0 0 ${b.clockwise ? 1 : 0} ${tip}` +
        `M${tip[0] - side * t * 1.5} ${tip[1] - t * 0.2}L${tip}L${tip[0] + side * t * 0.25} ${tip[1] - t * 1.5}`;
    },
    // The part of the picture that is seen
    look() {
      const all = [0, 0, this.m.width || 1, this.m.height || 1];
      this.see(this.near && this.m.boxes.length ? this.around() : all);
    },
    around() {
      const at = this.m.boxes.map((b) => b.at);
      const left = Math.min(...at.map((b) => b[0])), top = Math.min(...at.map((b) => b[1]));
      const w = Math.max(...at.map((b) => b[0] + b[2])) - left, h = Math.max(...at.map((b) => b[1] + b[3])) - top;
      const edge = Math.max(w * 0.09, h * 0.3, this.m.width * 0.03);
      return [left - edge, top - edge, w + 2 * edge, h + 2 * edge];
    },
    see([x, y, w, h]) { // widened to the shape of the frame, kept within the picture
      const frame = this.$refs.frame;
      if (!frame || !this.m.src || !frame.clientWidth) return;
      const shape = frame.clientWidth / Math.max(1, frame.clientHeight), W = this.m.width, H = this.m.height;
      const wide = Math.max(w, h * shape), tall = wide / shape;
      const fit = (at, size, seen, most) => (seen >= most ? (most - seen) / 2 : Math.min(Math.max(at - (seen - size) / 2, 0), most - seen));
      this.view = [fit(x, w, wide, W), fit(y, h, tall, H), wide, tall];
      this.px = wide / frame.clientWidth;
    },
    toggle() { this.near = !this.near; this.look(); },
    zoom(by, at) {
      const [x, y, w, h] = this.view, most = Math.max(this.m.width, this.m.height * w / h);
      const wide = Math.min(Math.max(w * by, 60), most), share = wide / w;
      this.near = wide < most;
      this.see([at[0] - (at[0] - x) * share, at[1] - (at[1] - y) * share, wide, h * share]);
    },
    wheel(event) { this.zoom(event.deltaY > 0 ? 1.15 : 0.87, this.point(event)); },
    point(event) {
      const seen = this.$refs.svg.getBoundingClientRect();
      return [this.view[0] + (event.clientX - seen.left) * this.px, this.view[1] + (event.clientY - seen.top) * this.px];
    },
    // Fingers
    corner(p) { // handles reach outwards, so that the box itself stays free to be dragged
      if (!this.held) return -1;
      const [x, y, w, h] = this.held, out = 9 * this.px;
      const away = CORNERS.map(([a, b]) => Math.hypot(x + a * w + (2 * a - 1) * out - p[0], y + b * h + (2 * b - 1) * out - p[1]));
      const best = away.indexOf(Math.min(...away));
      return away[best] <= REACH * this.px ? best : -1;
    },
    under(p, list, slack) {
      const e = slack * this.px;
      const hit = list.map((b, i) => [i, b.at]).filter(([, [x, y, w, h]]) => p[0] >= x - e && p[0] <= x + w + e && p[1] >= y - e && p[1] <= y + h + e);
      const away = ([, [x, y, w, h]]) => Math.hypot(x + w / 2 - p[0], y + h / 2 - p[1]);
      return hit.length ? hit.reduce((a, b) => (away(b) < away(a) ? b : a))[0] : -1;
    },
    window() { return this.m.boxes.findIndex((b) => b.kind === "display"); },
    inWindow(p) { const window = this.m.boxes[this.window()]; return !!window && this.under(p, [window], 0) === 0; },
    hit(p) { // the window of a display lies beneath its cells
      const cells = this.m.boxes.filter((b) => b.kind !== "display"), own = this.under(p, cells, 8);
      return own >= 0 ? own : this.under(p, this.m.boxes, 8);
    },
    down(event) {
      if (document.body.classList.contains("lost") || this.m.busy || event.button) return;
      this.$refs.svg.setPointerCapture(event.pointerId);
      this.fingers.set(event.pointerId, [event.clientX, event.clientY]);
      if (this.fingers.size === 2) { this.drop(); this.pinch = this.spanned(); return; }
      const p = this.point(event);
      const corner = this.m.edit ? this.corner(p) : -1;
      const own = this.m.edit && corner < 0 ? (this.inWindow(p) && this.m.chosen === this.window() ? this.m.chosen : this.hit(p)) : -1;
      this.drag = { from: [event.clientX, event.clientY], p, corner, own, moved: false, view: [...this.view] };
    },
    move(event) {
      if (!this.fingers.has(event.pointerId)) return;
      this.fingers.set(event.pointerId, [event.clientX, event.clientY]);
      if (this.fingers.size === 2 && this.pinch) return this.pinched();
      const d = this.drag;
      if (!d) return;
      const dx = (event.clientX - d.from[0]) * this.px, dy = (event.clientY - d.from[1]) * this.px;
      if (!d.moved) {
        if (Math.hypot(dx, dy) < TAP * this.px) return;
        d.moved = true;
        if (d.own >= 0 && !this.m.together && d.own !== this.m.chosen) this.pick(d.own);
        d.start = this.m.boxes.map((b) => [...b.at]);
      }
      if (d.corner >= 0) this.shift(d.start, ...this.stretch(d.corner, dx, dy));
      else if (d.own >= 0) this.shift(d.start, dx, dy, 0, 0);
      else this.see([d.view[0] - dx, d.view[1] - dy, d.view[2], d.view[3]]);
    },
    up(event) {
      this.fingers.delete(event.pointerId);
      if (this.pinch) { if (!this.fingers.size) this.pinch = null; return; }
      const d = this.drag;
      this.drag = null;
      if (!d) return;
      if (d.moved && d.start) return d.corner >= 0 || d.own >= 0 ? this.tell() : this.catchUp();
      const own = this.m.edit ? this.hit(d.p) : -1;
      if (own >= 0 && own === this.m.chosen && this.inWindow(d.p)) this.pick(this.window()); // once more: what lies beneath
      else if (own >= 0) this.pick(own);
      else {
        const other = this.m.edit ? this.under(d.p, this.m.others, 0) : -1;
        if (other >= 0) this.$emit("picked", [this.m.others[other].place, null]);
      }
      this.catchUp();
    },
    cancel(event) { this.fingers.delete(event.pointerId); this.pinch = null; this.drop(); },
    drop() { // what was begun is undone
      if (this.drag?.start) this.drag.start.forEach((at, i) => { this.m.boxes[i].at = at; });
      this.drag = null;
      this.catchUp();
    },
    spanned() {
      const [a, b] = [...this.fingers.values()];
      return { away: Math.hypot(a[0] - b[0], a[1] - b[1]), at: this.point({ clientX: (a[0] + b[0]) / 2, clientY: (a[1] + b[1]) / 2 }) };
    },
    pinched() {
      const now = this.spanned();
      if (now.away > 20) { this.zoom(this.pinch.away / now.away, this.pinch.at); this.pinch.away = now.away; }
    },
    // Boxes
    pick(i) { if (i !== this.m.chosen) { this.m.chosen = i; this.$emit("picked", [null, i]); } },
    focused(event, i) { if (event.target.matches(":focus-visible") && this.m.edit && !this.m.together && !this.drag && !this.fingers.size) this.pick(i); },
    stretch(corner, dx, dy) {
      const [a, b] = CORNERS[corner];
      return [a ? 0 : dx, b ? 0 : dy, a ? dx : -dx, b ? dy : -dy];
    },
    shift(start, dx, dy, dw, dh) {
      const W = this.m.width, H = this.m.height;
      for (const i of this.m.together ? start.keys() : [this.m.chosen]) {
        if (!start[i]) continue;
        const [x, y, w, h] = start[i];
        const wide = Math.min(Math.max(w + dw, LEAST), W), tall = Math.min(Math.max(h + dh, LEAST), H);
        const left = dx && dw ? x + w - wide : x + dx, top = dy && dh ? y + h - tall : y + dy;
        this.m.boxes[i].at = [Math.min(Math.max(left, 0), W - wide), Math.min(Math.max(top, 0), H - tall), wide, tall].map(Math.round);
      }
    },
    nudge(right, down, grow, px = 1) { // also called by the buttons beside the picture
      if (document.body.classList.contains("lost") || this.m.busy || !this.m.edit) return;
      if (!this.held && !this.m.together) return;
      const start = this.m.boxes.map((b) => [...b.at]);
      this.shift(start, right * px - grow * px, down * px - grow * px, 2 * grow * px, 2 * grow * px);
      clearTimeout(this.told);
      this.told = setTimeout(this.tell, 350);
    },
    tell() {
      clearTimeout(this.told); this.told = null;
      const later = this.later, held = this.m.boxes.map((b) => b.at);
      this.later = null;
      if (later?.boxes.length === held.length) // all of it but where the boxes are
        this.m = { ...later, chosen: this.m.chosen, boxes: later.boxes.map((b, i) => ({ ...b, at: held[i] })) };
      const moved = this.m.together ? [...this.m.boxes.keys()] : [this.m.chosen];
      this.$emit("placed", moved.filter((i) => this.m.boxes[i]).map((i) => [i, ...this.m.boxes[i].at]));
    },
    catchUp() { const later = this.later; this.later = null; if (later) this.show(later); },
    key(event, i) {
      if (event.key === "Delete") this.$emit("removed");
      else if (KEYS[event.key]) this.nudge(...KEYS[event.key], event.shiftKey ? 10 : 1);
      else return;
      event.preventDefault();
    },
  },
};
