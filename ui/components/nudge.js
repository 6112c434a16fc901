// Six buttons that move and size a box in small steps, again and again while they are held.
const FIRST_MS = 380, NEXT_MS = 70, FASTER = 8;
const PATHS = { up: "M12 19V5M6 11l6-6 6 6", down: "M12 5v14M6 13l6 6 6-6", left: "M19 12H5M11 6l-6 6 6 6", right: "M5 12h14M13 6l6 6-6 6", plus: "M12 5v14M5 12h14", minus: "M5 12h14" };
const MOVES = { minus: [0, 0, -1], up: [0, -1, 0], plus: [0, 0, 1], left: [-1, 0, 0], down: [0, 1, 0], right: [1, 0, 0] };
export default {
  template: `
  <div class="nudge" role="group" :aria-label="words.name">
    <button v-for="(d,k) in MOVES" :key="k" class="btn" type="button" :aria-label="words[k]" @pointerdown="hold($event, d)" @pointerup="rest"
      @pointercancel="rest" @pointerleave="rest" @click="clicked($event, d)" @contextmenu.prevent>
      <svg class="ico" viewBox="0 0 24 24" aria-hidden="true"><path :d="PATHS[k]"/></svg></button>
  </div>`,
  props: { target: { default: 0 }, words: { default: () => ({}) } },
  data() { return { PATHS, MOVES }; },
  unmounted() { this.rest(); },
  methods: {
    step(move, px = 1) { getElement(this.target)?.nudge(...move, px); },
    hold(event, move) {
      if (event.button) return;
      this.rest();
      this.step(move);
      let count = 0;
      const again = () => { this.step(move, ++count > FASTER ? 3 : 1); this.timer = setTimeout(again, NEXT_MS); };
      this.timer = setTimeout(again, FIRST_MS);
    },
    rest() { clearTimeout(this.timer); },
    clicked(event, move) { if (!event.detail) this.step(move); }, // Enter and Space; a finger was heard above
  },
};
