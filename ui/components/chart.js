// Lines and bars along time or categories, drawn by ECharts in the colours of the page and the site's time zone.
import { echarts } from "nicegui-echart";

const EMPTY = { lines: [], axes: [], guides: [], marks: [], band: [] };

export default {
  template: `
  <div class="chart">
    <div ref="plot" class="plot" role="img" :aria-label="m.aria"></div>
    <p v-if="empty" class="nothing">{{ m.none }}</p>
    <button v-if="m.back && inside" class="btn back" type="button" @click="whole">{{ m.back }}</button>
  </div>`,
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || EMPTY, empty: false, inside: false }; },
  mounted() {
    this.chart = echarts.init(this.$refs.plot, null, { renderer: "canvas" });
    this.sizes = new ResizeObserver(() => this.chart.resize());
    this.sizes.observe(this.$refs.plot);
    this.looks = new MutationObserver(() => this.draw());
    this.looks.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.chart.on("datazoom", () => this.zoomed());
    this.chart.on("legendselectchanged", (e) => { this.hidden = e.selected; });
    this.draw();
    document.fonts.ready.then(() => this.draw(true)); // a canvas does not change its letters by itself
  },
  beforeUnmount() {
    this.sizes.disconnect();
    this.looks.disconnect();
    clearTimeout(this.waits);
    this.chart.dispose();
  },
  methods: {
    show(message) {
      const same = message.key === this.m.key;
      this.m = message;
      if (!same) { this.hidden = null; this.inside = false; }
      this.draw(same);
    },
    draw(keep = false) {
      const zoom = keep ? this.chart.getOption()?.dataZoom?.map(({ start, end }) => ({ start, end })) : null;
      this.empty = !this.m.lines.some((line) => line.data.some((point) => value(point) !== null));
      this.chart.setOption(options(this.m, this.$refs.plot, this.hidden), { notMerge: true });
      zoom?.forEach((part, dataZoomIndex) => this.chart.dispatchAction({ type: "dataZoom", dataZoomIndex, ...part }));
    },
    whole() { this.chart.dispatchAction({ type: "dataZoom", dataZoomIndex: 0, start: 0, end: 100 }); },
    zoomed() {
      const { start, end } = this.chart.getOption().dataZoom[0];
      this.inside = end - start < 99.9;
      clearTimeout(this.waits);
      this.waits = setTimeout(() => {
        const [from, to] = this.chart.getModel().getComponent("xAxis").axis.scale.getExtent();
        if (this.m.span) this.chart.setOption({ xAxis: marks(this.m, from, to, this.$refs.plot.clientWidth) });
        this.$emit("zoom", { from: Math.round(from), to: Math.round(to) });
      }, 250);
    },
  },
};

const value = (point) => (Array.isArray(point) ? point[1] : point);

function options(m, { clientWidth: width, clientHeight: height }, hidden) {
  if (!m.span && !m.category) return {};
  const style = getComputedStyle(document.body);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim() || name;
  const size = innerWidth >= 700 && innerHeight >= 800 ? 15 : 13;
  const text = { color: colour("t2"), fontFamily: style.fontFamily, fontSize: size };
  const line = { color: colour("line") };
  const clock = clocks(m);
  const along = m.span && marks(m, ...m.span, width);
  const number = (v, decimals) => v === null || v === undefined ? "–" : v.toLocaleString(m.locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).replace("-", "−");
  const right = m.axes.length > 1;
  return {
    animation: false,
    textStyle: text,
    grid: { left: 6, right: right ? 6 : 14, top: above(m), bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    legend: m.legend ? { top: 0, left: 0, right: 0, type: "scroll", icon: "roundRect", itemHeight: 12, itemGap: 16, padding: [8, 4], textStyle: { ...text, fontSize: size + 1 }, inactiveColor: colour("t3"), pageTextStyle: text,
      pageIconColor: colour("t1"), selected: hidden || Object.fromEntries(m.lines.filter((l) => l.hidden).map((l) => [l.name, false])) } : undefined,
    tooltip: {
      trigger: "axis", confine: true, backgroundColor: colour("s1"), borderColor: colour("line"), textStyle: { ...text, color: colour("t1"), fontSize: size + 1 },
      axisPointer: { lineStyle: { color: colour("t3") } },
      formatter: (points) => told(m, points, clock, number),
    },
    xAxis: m.category
      ? { type: "category", data: m.category, axisLabel: { ...text, hideOverlap: true }, axisLine: { lineStyle: line }, axisTick: { show: false } }
      : { type: "time", min: m.span[0], max: m.span[1], axisLine: { lineStyle: line }, axisTick: { lineStyle: line, ...along.axisTick }, splitLine: { show: false },
        axisLabel: { ...text, hideOverlap: true, ...along.axisLabel } },
    yAxis: m.axes.map((axis, place) => ({
      type: "value", scale: !axis.zero, min: axis.min, max: axis.max, interval: axis.interval ?? undefined, position: place ? "right" : "left", splitNumber: Math.min(6, Math.max(2, Math.round(height / 60))), alignTicks: place > 0 && !axis.interval,
      axisLabel: { ...text, formatter: (v) => v.toLocaleString(m.locale, { maximumFractionDigits: 2 }).replace("-", "−") }, splitLine: { show: place === 0, lineStyle: line },
      name: axis.name, nameLocation: "end", nameTextStyle: { ...text, align: place ? "right" : "left" }, nameGap: 8,
    })),
    dataZoom: [
      ...(m.zoom ? [{ type: "inside", throttle: 60, filterMode: "none", minValueSpan: 300000, preventDefaultMouseMove: false }] : []),
    ],
    visualMap: m.lines.flatMap((l, seriesIndex) => l.bands || l.below ? [{ show: false, seriesIndex, dimension: 1, pieces: pieces(l, colour) }] : []),
    series: m.lines.map((l, place) => series(m, l, place, colour, text)),
  };
}

// What lies above the lines: the legend, names of axes or "now", and the band.
const BAND = 12;
const strip = (m) => (m.legend ? 34 : 0) + 3;
const above = (m) => (m.legend ? 34 : 0) + (m.now || m.axes.some((axis) => axis.name) ? 22 : 12) + (m.band.length ? BAND : 0);

function pieces(l, colour) {
  // Of two pieces alone ECharts makes no gradient.
  if (l.below) return [{ lt: -1e-9, color: colour(l.below) }, { gte: -1e-9, lt: 0, color: colour(l.below) }, { gte: 0, color: colour(l.colour) }];
  const [low, high] = l.bands;
  return [{ lt: low, color: colour("battery-o") }, { gte: low, lt: high, color: colour("solar-o") }, { gte: high, color: colour("bad") }];
}

function series(m, l, place, colour, text) {
  const own = colour(l.colour);
  const marks = place ? {} : {
    markLine: { silent: true, symbol: "none", animation: false, data: [
      ...(m.now ? [{ xAxis: m.now, lineStyle: { color: colour("t1"), width: 2, type: "solid" }, label: { formatter: m.nowText, color: colour("t2"), position: "end" } }] : []),
    ] },
    markArea: { silent: true, data: [
      ...m.marks.map((mark) => [{ xAxis: mark.from, itemStyle: { color: colour(mark.colour || "accent"), opacity: .18 } }, { xAxis: mark.to }]),
      ...m.band.map((mark) => [{ xAxis: mark.from, y: strip(m), itemStyle: { color: colour(mark.colour), opacity: 1 } }, { xAxis: mark.to, y: strip(m) + 7 }]),
    ] },
  };
  const guides = m.guides.filter((g) => g.line === l.name).map((g) => ({ yAxis: g.at, lineStyle: { color: colour(g.colour || "t3"), type: "dashed", width: 1.5 }, label: { formatter: g.text, position: "insideEndTop", color: colour("t2"), fontSize: 12 } }));
  if (guides.length) (marks.markLine ??= { silent: true, symbol: "none", animation: false, data: [] }).data.push(...guides);
  const shared = { name: l.name, data: l.data, yAxisIndex: l.axis || 0, connectNulls: false, cursor: "default", ...marks };
  if (l.kind === "bar") return { ...shared, type: "bar", stack: l.stack, barMaxWidth: 36, barGap: "10%", itemStyle: { color: own, borderRadius: corners(m, l, place), opacity: l.faint ? .45 : 1 } };
  const coloured = l.bands || l.below;
  return {
    ...shared, type: "line", showSymbol: l.data.length < 3, symbolSize: 5, step: l.kind === "step" ? "end" : false, sampling: undefined,
    lineStyle: { width: l.faint ? 1.5 : 2.5, type: l.dashed ? "dashed" : "solid", ...(coloured ? {} : { color: own }) }, itemStyle: { color: own },
    areaStyle: l.area ? { opacity: .16, ...(coloured ? {} : { color: own }) } : undefined, z: l.faint ? 1 : 3,
  };
}

// Round where a bar ends, not where the next one of its stack begins.
function corners(m, l, place) {
  if (l.data.every((v) => v === null || v <= 0)) return [0, 0, 3, 3];
  const above = m.lines.some((other, n) => n > place && l.stack && other.stack === l.stack && other.data.some((v) => v > 0));
  return above ? 0 : [3, 3, 0, 0];
}

const MINUTE = 60000, DAY = 1440 * MINUTE;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720].map((n) => n * MINUTE).concat([1, 2, 4, 7, 14, 28, 56].map((n) => n * DAY));

// Round times of the site's clock, whatever clock the browser has: ECharts would take the browser's.
function marks(m, from, to, width) {
  const most = Math.max(2, width / (to - from > 2.5 * DAY ? 90 : 76));
  const step = STEPS.find((size) => (to - from) / size <= most) || STEPS.at(-1);
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: m.zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" });
  const ahead = (at) => {
    const p = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, +value]));
    return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(at / 1000) * 1000;
  };
  const found = [];
  for (let wall = Math.ceil((from + ahead(from)) / step) * step; ; wall += step) {
    const at = wall - ahead(wall - ahead(wall));
    if (at > to) break;
    if (at >= from) found.push(at);
  }
  const clock = clocks(m), edges = found.length && found[0] === m.span[0] && found.at(-1) === m.span[1];
  const label = (at) => (step >= DAY || (clock.time(at) === "00:00" && to - from > 1.2 * DAY) ? clock.day(at) : clock.time(at));
  return {
    axisTick: { customValues: found },
    axisLabel: { customValues: found, formatter: label, ...(edges ? { alignMinLabel: "left", alignMaxLabel: "right" } : {}) },
  };
}

function clocks(m) {
  const make = (parts) => new Intl.DateTimeFormat(m.locale, { timeZone: m.zone, hourCycle: "h23", ...parts });
  const time = make({ hour: "2-digit", minute: "2-digit" }), day = make({ day: "numeric", month: "short" });
  const moment = make({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const exact = make({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return {
    time: (at) => time.format(at),
    day: (at) => day.format(at).replace(".", ""),
    moment: (at) => (m.span[1] - m.span[0] < 7200000 ? exact : moment).format(at),
  };
}

function told(m, points, clock, number) {
  if (!points.length) return "";
  const escape = (s) => String(s).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  const head = m.category ? points[0].name : clock.moment(points[0].axisValue);
  const rows = points.map((p) => {
    const l = m.lines[p.seriesIndex];
    return `<tr><td>${p.marker}${escape(l.name)}</td><td style="text-align:right;padding-left:14px"><b>${number(value(p.value), l.decimals)}</b> ${escape(l.unit)}</td></tr>`;
  });
  return `<div>${escape(head)}</div><table>${rows.join("")}</table>`;
}
