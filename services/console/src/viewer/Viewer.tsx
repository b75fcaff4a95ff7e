import {
  AimOutlined, BorderOuterOutlined, CaretRightOutlined, ColumnWidthOutlined, DragOutlined, EyeInvisibleOutlined, EyeOutlined, PauseOutlined,
  SearchOutlined, StepBackwardOutlined, StepForwardOutlined, UndoOutlined,
} from '@ant-design/icons'
import { Button, Flex, Slider, Tooltip } from 'antd'
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Finding } from '../api/types'
import { ErrorNotice } from '../ui/Notice'
import { ContourOverlay } from './ContourOverlay'
import type { FrameStore } from './frames'
import { actionOf, belongsToControl } from './hotkeys'
import { InstanceStrip } from './InstanceStrip'
import { KeyHelp } from './KeyHelp'
import { MeasurementList } from './MeasurementList'
import { forgetMeasurements, type Measurement, Stage, type Tool } from './Stage'
import type { Instance } from './study'
import { useDescribe } from './useDescribe'
import { useLoaded } from './useLoaded'

/** What is on screen: an instance and its frame (from 1). */
export interface Position {
  sopInstanceUid: string
  frame: number
}

interface Props {
  instances: Instance[]
  store: FrameStore
  query: string
  position: Position
  onPosition: (position: Position) => void
  findings: Finding[]
  selected: string | null
}

const TOOLS: { tool: Tool; icon: ReactNode }[] = [
  { tool: 'window', icon: <AimOutlined /> },
  { tool: 'zoom', icon: <SearchOutlined /> },
  { tool: 'pan', icon: <DragOutlined /> },
  { tool: 'length', icon: <ColumnWidthOutlined /> },
  { tool: 'ellipse', icon: <BorderOuterOutlined /> },
]

/** The study's pictures: cine, scroll, window, zoom, measuring, and the findings' contours on them. */
export function Viewer({ instances, store, query, position, onPosition, findings, selected }: Props) {
  const { t } = useTranslation()
  const element = useRef<HTMLDivElement>(null)
  const cine = useRef<HTMLDivElement>(null)
  const [stage, setStage] = useState<Stage | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [attempt, setAttempt] = useState(0)
  /** The instance whose picture is on screen: while it is another than the chosen one, nothing may be seen. */
  const [shown, setShown] = useState('')
  const [playing, setPlaying] = useState(false)
  const [live, setLive] = useState({ frame: 1, dropped: 0 })
  const [tool, setTool] = useState<Tool>('window')
  const [overlay, setOverlay] = useState(true)
  const [help, setHelp] = useState(false)
  const [view, setView] = useState(0)
  const [measurements, setMeasurements] = useState<Measurement[]>([])
  const { describe, latest } = useDescribe()
  const index = Math.max(0, instances.findIndex((one) => one.sopInstanceUid === position.sopInstanceUid))
  const instance = instances[index]
  const frame = Math.min(Math.max(1, position.frame), instance?.frames ?? 1)
  const loaded = useLoaded(store, instance)

  useEffect(() => {
    if (!element.current || !cine.current) return
    let open: Stage | null = null
    let gone = false
    const events = {
      onFrame: (next: number, dropped: number) => setLive({ frame: next, dropped }),
      onView: () => setView((count) => count + 1),
      onMeasurements: setMeasurements,
    }
    Stage.open(element.current, cine.current, instances, store, () => latest.current, events).then(
      (made) => {
        if (gone) made.close()
        else {
          open = made
          setStage(made)
        }
      },
      (reason: unknown) => setError(reason),
    )
    return () => {
      gone = true
      open?.close()
      setStage(null)
    }
  }, [instances, store, latest])

  useEffect(() => {
    if (!stage || !instance || playing) return
    let current = true
    stage.show(instance, frame).then(
      () => {
        if (!current) return
        setError(null)
        setShown(instance.sopInstanceUid)
      },
      (reason: unknown) => {
        if (current) setError(reason)
      },
    )
    if (instance.frames > 1) store.prefetch(instance, frame)
    return () => {
      current = false
    }
  }, [stage, instance, frame, playing, store, attempt])

  useEffect(() => forgetMeasurements, [])
  useEffect(() => stage?.relabel(), [stage, describe])
  useEffect(() => stage?.setTool(tool), [stage, tool])

  const go = useCallback(
    (sopInstanceUid: string, next: number) => {
      setPlaying(false)
      onPosition({ sopInstanceUid, frame: next })
    },
    [onPosition],
  )
  const step = useCallback(
    (by: number) => {
      if (!instance) return
      const from = playing ? live.frame : frame
      go(instance.sopInstanceUid, ((from - 1 + by + instance.frames) % instance.frames) + 1)
    },
    [instance, playing, live.frame, frame, go],
  )
  const turn = useCallback(
    (by: number) => {
      const next = instances[index + by]
      if (next) go(next.sopInstanceUid, 1)
    },
    [instances, index, go],
  )
  const toggle = useCallback(() => {
    if (!stage || !instance || instance.frames < 2) return
    if (playing) go(instance.sopInstanceUid, live.frame)
    else {
      setPlaying(true)
      stage.play(frame)
    }
  }, [stage, instance, playing, live.frame, frame, go])
  const choose = useCallback(
    (next: Tool) => {
      if (playing && instance && (next === 'length' || next === 'ellipse')) go(instance.sopInstanceUid, live.frame)
      setTool(next)
    },
    [playing, instance, live.frame, go],
  )

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const action = actionOf(event, belongsToControl(event.target, event.code))
      if (action === null) return
      event.preventDefault()
      if (action === 'play') toggle()
      else if (action === 'previousFrame') step(-1)
      else if (action === 'nextFrame') step(1)
      else if (action === 'previousImage') turn(-1)
      else if (action === 'nextImage') turn(1)
      else if (action === 'reset') stage?.reset()
      else if (action === 'delete') stage?.removeSelected()
      else if (action === 'help') setHelp((shown) => !shown)
      else if (action === 'overlay') setOverlay((on) => !on)
      else choose(action)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [stage, toggle, step, turn, choose])

  useEffect(() => {
    const target = element.current
    if (!target) return
    const onWheel = (event: WheelEvent) => {
      event.preventDefault()
      if (event.ctrlKey) stage?.zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1)
      else if (instance && instance.frames > 1) step(event.deltaY > 0 ? 1 : -1)
      else turn(event.deltaY > 0 ? 1 : -1)
    }
    target.addEventListener('wheel', onWheel, { passive: false })
    return () => target.removeEventListener('wheel', onWheel)
  }, [stage, instance, step, turn])

  if (!instance) return null
  const now = playing ? live.frame : frame
  const clip = instance.frames > 1
  const visible = error === null && shown === instance.sopInstanceUid
  return (
    <Flex vertical className="viewer">
      <Flex wrap gap={4} align="center" className="viewer-tools" role="toolbar" aria-label={t('viewer.tools')}>
        {TOOLS.map(({ tool: one, icon }) => (
          <Tooltip key={one} title={t(`viewer.${one}`)}>
            <Button
              type={tool === one ? 'primary' : 'default'}
              icon={icon}
              aria-label={t(`viewer.${one}`)}
              aria-pressed={tool === one}
              onClick={() => choose(one)}
              data-testid={`tool-${one}`}
            />
          </Tooltip>
        ))}
        <Tooltip title={t('viewer.reset')}>
          <Button icon={<UndoOutlined />} aria-label={t('viewer.reset')} onClick={() => stage?.reset()} data-testid="tool-reset" />
        </Tooltip>
        <Tooltip title={t('viewer.overlay')}>
          <Button
            icon={overlay ? <EyeOutlined /> : <EyeInvisibleOutlined />}
            aria-label={t('viewer.overlay')}
            aria-pressed={overlay}
            onClick={() => setOverlay(!overlay)}
            data-testid="tool-overlay"
          />
        </Tooltip>
        <KeyHelp open={help} onOpen={setHelp} />
      </Flex>
      <div className="picture" data-testid="viewer" data-frame={now} data-instance={instance.sopInstanceUid} data-playing={playing}>
        <div ref={element} className={visible ? 'picture-layer' : 'picture-layer unseen'} role="img" aria-label={t('viewer.picture', { number: index + 1, frame: now })} onContextMenu={(event) => event.preventDefault()} />
        <div ref={cine} className="picture-layer cine" hidden aria-hidden data-testid="cine" />
        {stage && overlay && visible && <ContourOverlay stage={stage} view={view} instance={instance} frame={now} findings={findings} selected={selected} />}
        {stage && visible && <WindowNote stage={stage} view={view} />}
        {error !== null && (
          <div className="picture-error">
            <ErrorNotice error={error} onRetry={() => setAttempt(attempt + 1)} />
          </div>
        )}
      </div>
      {clip && (
        <Flex gap={8} align="center" className="cine-bar">
          <Button icon={<StepBackwardOutlined />} aria-label={t('viewer.previousFrame')} onClick={() => step(-1)} />
          <Button type="primary" icon={playing ? <PauseOutlined /> : <CaretRightOutlined />} aria-label={playing ? t('viewer.pause') : t('viewer.play')} onClick={toggle} data-testid="play" />
          <Button icon={<StepForwardOutlined />} aria-label={t('viewer.nextFrame')} onClick={() => step(1)} />
          <Slider
            className="cine-slider"
            min={1}
            max={instance.frames}
            value={now}
            onChange={(next: number) => go(instance.sopInstanceUid, next)}
            ariaLabelForHandle={t('viewer.frame')}
          />
          <span className="number" data-testid="frame-number">
            {t('viewer.frameOf', { frame: now, frames: instance.frames })}
          </span>
        </Flex>
      )}
      {clip && (
        <span className="cine-note">
          {loaded < instance.frames && `${t('viewer.loading', { loaded, frames: instance.frames })} `}
          {playing && live.dropped > 0 && `${t('viewer.dropped', { count: live.dropped })} `}
          {!instance.timing.declared && t('viewer.noTiming')}
        </span>
      )}
      <div className="viewer-foot">
        <InstanceStrip instances={instances} query={query} current={instance.sopInstanceUid} onChoose={(uid) => go(uid, 1)} />
        <MeasurementList measurements={measurements} describe={describe} onGo={go} onRemove={(id) => stage?.removeMeasurement(id)} />
      </div>
    </Flex>
  )
}

function WindowNote({ stage, view }: { stage: Stage; view: number }) {
  const { width, centre } = stage.window()
  return (
    <span className="window-note number" data-view={view} data-testid="window">
      W {width} L {centre}
    </span>
  )
}
