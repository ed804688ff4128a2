/** What the picture of all pairs' correlations needs beyond other charts. */
import { HeatmapChart } from 'echarts/charts'
import { DataZoomComponent, VisualMapComponent } from 'echarts/components'
import { use } from 'echarts/core'

use([DataZoomComponent, HeatmapChart, VisualMapComponent])
