// Lines and bars along time or categories, drawn by ECharts in the colours of the page and the site's time zone.
import { echarts } from "nicegui-echart";

const EMPTY = { lines: [], axes: [], guides: [], marks: [] };

export default {
  template: `
  <div class="chart">
    <div ref="plot" class="plot" role="img" :aria-label="m.aria"></div>
    <p v-if="empty" class="nothing">{{ m.none }}</p>
  </div>`,
  props: { first: { default: "null" } },
  data() { return { m: JSON.parse(this.first) || EMPTY, empty: false }; },
  mounted() {
    this.chart = echarts.init(this.$refs.plot, null, { renderer: "canvas" });
    this.sizes = new ResizeObserver(() => this.chart.resize());
    this.sizes.observe(this.$refs.plot);
    this.looks = new MutationObserver(() => this.draw());
    this.looks.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.chart.on("datazoom", () => this.zoomed());
    this.chart.on("legendselectchanged", (e) => { this.hidden = e.selected; });
    this.draw();
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
      if (!same) this.hidden = null;
      this.draw(same);
    },
    draw(keep = false) {
      const zoom = keep ? this.chart.getOption()?.dataZoom?.map(({ start, end }) => ({ start, end })) : null;
      this.empty = !this.m.lines.some((line) => line.data.some((point) => value(point) !== null));
      this.chart.setOption(options(this.m, this.$refs.plot.clientWidth, this.hidden), { notMerge: true });
      zoom?.forEach((part, dataZoomIndex) => this.chart.dispatchAction({ type: "dataZoom", dataZoomIndex, ...part }));
    },
    zoomed() {
      clearTimeout(this.waits);
      this.waits = setTimeout(() => {
        const [from, to] = this.chart.getModel().getComponent("xAxis").axis.scale.getExtent();
        this.$emit("zoom", { from: Math.round(from), to: Math.round(to) });
      }, 250);
    },
  },
};

const value = (point) => (Array.isArray(point) ? point[1] : point);

function options(m, width, hidden) {
  if (!m.span && !m.category) return {};
  const style = getComputedStyle(document.body);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim() || name;
  const text = { color: colour("t2"), fontFamily: style.fontFamily, fontSize: 13 };
  const line = { color: colour("line") };
  const clock = clocks(m);
  const number = (v, decimals) => v === null || v === undefined ? "–" : v.toLocaleString(m.locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  const right = m.axes.length > 1;
  const bottom = (m.slider ? 56 : 8);
  return {
    animation: false,
    textStyle: text,
    grid: { left: 6, right: right ? 6 : 14, top: (m.legend ? 34 : 0) + (m.now || m.axes.some((axis) => axis.name) ? 22 : 12), bottom: bottom + 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    legend: m.legend ? { top: 0, left: 0, right: 0, type: "scroll", icon: "roundRect", itemHeight: 12, itemGap: 16, padding: [8, 4], textStyle: { ...text, fontSize: 14 }, inactiveColor: colour("t3"), pageTextStyle: text,
      pageIconColor: colour("t1"), selected: hidden || Object.fromEntries(m.lines.filter((l) => l.hidden).map((l) => [l.name, false])) } : undefined,
    tooltip: {
      trigger: "axis", confine: true, backgroundColor: colour("s1"), borderColor: colour("line"), textStyle: { ...text, color: colour("t1"), fontSize: 14 },
      axisPointer: { lineStyle: { color: colour("t3") } },
      formatter: (points) => told(m, points, clock, number),
    },
    xAxis: m.category
      ? { type: "category", data: m.category, axisLabel: { ...text, hideOverlap: true }, axisLine: { lineStyle: line }, axisTick: { show: false } }
      : { type: "time", min: m.span[0], max: m.span[1], axisLine: { lineStyle: line }, axisTick: { lineStyle: line }, splitLine: { show: false },
        axisLabel: { ...text, hideOverlap: true, showMinLabel: true, showMaxLabel: true, alignMinLabel: "left", alignMaxLabel: "right", formatter: clock.axis }, splitNumber: Math.max(2, Math.round(width / 110)), customValues: undefined },
    yAxis: m.axes.map((axis, place) => ({
      type: "value", scale: !axis.zero, min: axis.min, max: axis.max, position: place ? "right" : "left", splitNumber: 5, alignTicks: place > 0,
      axisLabel: { ...text, formatter: (v) => v.toLocaleString(m.locale, { maximumFractionDigits: 2 }) }, splitLine: { show: place === 0, lineStyle: line },
      name: axis.name, nameLocation: "end", nameTextStyle: { ...text, align: place ? "right" : "left" }, nameGap: 8,
    })),
    dataZoom: [
      ...(m.zoom ? [{ type: "inside", throttle: 60, filterMode: "none", minValueSpan: m.category ? 2 : 300000 }] : []),
      ...(m.slider ? [{ type: "slider", height: 40, bottom: 6, filterMode: "none", handleSize: "100%", brushSelect: false, showDetail: false, borderColor: colour("line"), fillerColor: colour("accent") + "22",
        handleStyle: { color: colour("s1"), borderColor: colour("t3") }, moveHandleSize: 0, dataBackground: { lineStyle: { color: colour("t3") }, areaStyle: { color: colour("s2") } } }] : []),
    ],
    visualMap: m.lines.flatMap((l, seriesIndex) => l.bands ? [{ show: false, seriesIndex, dimension: 1, pieces: bands(l.bands, colour) }] : []),
    series: m.lines.map((l, place) => series(m, l, place, colour, text)),
  };
}

function bands([low, high], colour) {
  return [{ lt: low, color: colour("battery-o") }, { gte: low, lt: high, color: colour("solar-o") }, { gte: high, color: colour("bad") }];
}

function series(m, l, place, colour, text) {
  const own = colour(l.colour);
  const marks = place ? {} : {
    markLine: { silent: true, symbol: "none", animation: false, data: [
      ...(m.now ? [{ xAxis: m.now, lineStyle: { color: colour("t1"), width: 2, type: "solid" }, label: { formatter: m.nowText, color: colour("t2"), position: "end" } }] : []),
    ] },
    markArea: { silent: true, data: m.marks.map((mark) => [{ xAxis: mark.from, itemStyle: { color: colour(mark.colour || "accent"), opacity: .18 } }, { xAxis: mark.to }]) },
  };
  const guides = m.guides.filter((g) => g.line === l.name).map((g) => ({ yAxis: g.at, lineStyle: { color: colour(g.colour || "t3"), type: "dashed", width: 1.5 }, label: { formatter: g.text, position: "insideEndTop", color: colour("t2"), fontSize: 12 } }));
  if (guides.length) (marks.markLine ??= { silent: true, symbol: "none", animation: false, data: [] }).data.push(...guides);
  const shared = { name: l.name, data: l.data, yAxisIndex: l.axis || 0, connectNulls: false, cursor: "default", ...marks };
  if (l.kind === "bar") return { ...shared, type: "bar", stack: l.stack, barMaxWidth: 36, barGap: "10%", itemStyle: { color: own, borderRadius: [3, 3, 0, 0], opacity: l.faint ? .45 : 1 } };
  return {
    ...shared, type: "line", showSymbol: l.data.length < 3, symbolSize: 5, step: l.kind === "step" ? "end" : false, sampling: undefined,
    lineStyle: { width: l.faint ? 1.5 : 2.5, type: l.dashed ? "dashed" : "solid", ...(l.bands ? {} : { color: own }) }, itemStyle: { color: own },
    areaStyle: l.area ? { opacity: .16, ...(l.bands ? {} : { color: own }) } : undefined, z: l.faint ? 1 : 3,
  };
}

function clocks(m) {
  const make = (parts) => new Intl.DateTimeFormat(m.locale, { timeZone: m.zone, hourCycle: "h23", ...parts });
  const time = make({ hour: "2-digit", minute: "2-digit" }), day = make({ day: "numeric", month: "short" });
  const moment = make({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const exact = make({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const long = m.span && m.span[1] - m.span[0] > 2.5 * 86400000;
  return {
    axis: (at) => (long || (time.format(at) === "00:00" && m.span[1] - m.span[0] > 86400000 * 1.2) ? day.format(at) : time.format(at)),
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
