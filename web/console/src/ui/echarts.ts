// The parts of ECharts we draw with, in a chunk of their own that only pages with a chart load.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import * as core from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

core.use([LineChart, BarChart, GridComponent, TooltipComponent, LegendComponent, CanvasRenderer]);

export const start = core.init;
export type Chart = core.ECharts;
export type Option = core.EChartsCoreOption;
