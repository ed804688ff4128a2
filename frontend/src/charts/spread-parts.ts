/** What the chart of a bot's spread needs beyond other charts: markers, a legend, zooming. */
import { ScatterChart } from 'echarts/charts'
import { DataZoomComponent, LegendComponent } from 'echarts/components'
import { use } from 'echarts/core'

use([DataZoomComponent, LegendComponent, ScatterChart])
