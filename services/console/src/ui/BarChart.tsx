import { useEffect, useRef } from 'react'
import { startChart } from './chart'

interface Series {
  name: string
  values: number[]
  colour: string
}

interface Props {
  /** What the chart shows, for those who do not see it. */
  label: string
  categories: string[]
  series: Series[]
  unit?: string
  stacked?: boolean
  testId?: string
}

/** Bars by category; the figures stand in a table beside it as well. */
export function BarChart({ label, categories, series, unit = '', stacked = false, testId }: Props) {
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!element.current) return
    const chart = startChart(element.current)
    chart.setOption({
      aria: { enabled: true },
      color: series.map((one) => one.colour),
      tooltip: { trigger: 'axis' },
      legend: { bottom: 0 },
      grid: { left: 8, right: 16, top: 28, bottom: 36, containLabel: true },
      xAxis: { type: 'category', data: categories, axisLabel: stacked ? { interval: 0, width: 76, overflow: 'break' } : { showMaxLabel: true } },
      yAxis: { type: 'value', name: unit, minInterval: stacked ? 1 : 0 },
      series: series.map(({ name, values }) => ({ name, type: 'bar', barMaxWidth: 40, data: values, ...(stacked && { stack: 'all' }) })),
    })
    const watch = new ResizeObserver(() => chart.resize())
    watch.observe(element.current)
    return () => {
      watch.disconnect()
      chart.dispose()
    }
  }, [categories, series, unit, stacked])
  return <div ref={element} className="chart" role="img" aria-label={label} data-testid={testId} />
}
