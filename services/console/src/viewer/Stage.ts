import { Enums as CoreEnums, eventTarget, type RenderingEngine, type Types } from '@cornerstonejs/core'
import {
  annotation, Enums as ToolEnums, LengthTool, PanTool, ToolGroupManager, type Types as ToolTypes, ZoomTool,
} from '@cornerstonejs/tools'
import type { ImagePoint } from './calibration'
import { CineClock } from './cine'
import { engine, frameOf, imageIdOf, register, startCornerstone, unregister } from './cornerstone'
import { axesOf, EllipseTool, toImage, toWorld } from './EllipseTool'
import type { FrameStore } from './frames'
import { type EllipseResult, type LengthResult, measureEllipse, measureLength } from './measure'
import type { Refusal } from './calibration'
import { type Painter, painter } from './painter'
import type { Instance } from './study'
import { WindowTool } from './WindowTool'

export type Tool = 'window' | 'zoom' | 'pan' | 'length' | 'ellipse'
// These three declare their static name without a type.
const [WINDOW, ZOOM, PAN] = [WindowTool, ZoomTool, PanTool].map((tool) => tool.toolName as string) as [string, string, string]
const NAMES: Record<Tool, string> = {
  window: WINDOW,
  zoom: ZOOM,
  pan: PAN,
  length: LengthTool.toolName,
  ellipse: EllipseTool.toolName,
}

export type Measured = { kind: 'length'; result: LengthResult | { refusal: Refusal } } | { kind: 'ellipse'; result: EllipseResult | { refusal: Refusal } }
export type Measurement = Measured & { id: string; sopInstanceUid: string; frame: number }

/** What a measurement says beside its line, in the person's language. */
export type Describe = (measured: Measured) => string[]

const FULL = { lower: 0, upper: 255 }
let serial = 0

interface Events {
  /** The frame on screen (from 1), and how many the cine dropped since it began. */
  onFrame: (frame: number, dropped: number) => void
  /** Zoom, pan or window changed: overlays must be laid again. */
  onView: () => void
  onMeasurements: (measurements: Measurement[]) => void
}

/** Gives up all measurements: they belong to one sitting, never to the report by themselves. */
export function forgetMeasurements(): void {
  annotation.state.removeAllAnnotations()
}

/** One picture on screen: Cornerstone while it stands, our own cine while it runs, both with the same window, zoom and place. */
export class Stage {
  private readonly engine: RenderingEngine
  private readonly viewportId: string
  private readonly groupId: string
  private readonly viewport: Types.IStackViewport
  private readonly painter: Painter
  private readonly watch: ResizeObserver
  private instance: Instance | null = null
  private clock: CineClock | null = null
  private request = 0
  private tool: Tool = 'window'
  private token = 0

  static async open(element: HTMLDivElement, cine: HTMLDivElement, instances: Instance[], store: FrameStore, describe: () => Describe, events: Events): Promise<Stage> {
    await startCornerstone()
    return new Stage(element, cine, instances, store, describe, events)
  }

  private constructor(
    private readonly element: HTMLDivElement,
    private readonly cine: HTMLDivElement,
    private readonly instances: Instance[],
    private readonly store: FrameStore,
    describe: () => Describe,
    private readonly events: Events,
  ) {
    register(instances, store)
    this.painter = painter()
    cine.replaceChildren(this.painter.canvas)
    serial += 1
    this.engine = engine()
    this.viewportId = `picture-${serial}`
    this.engine.enableElement({ viewportId: this.viewportId, type: CoreEnums.ViewportType.STACK, element, defaultOptions: { background: [0, 0, 0] } })
    this.viewport = this.engine.getViewport<Types.IStackViewport>(this.viewportId)
    this.groupId = `tools-${serial}`
    this.addTools(describe)
    for (const type of VIEWED) element.addEventListener(type, this.viewed)
    for (const type of MEASURED) eventTarget.addEventListener(type, this.measured)
    this.watch = new ResizeObserver(() => {
      this.fit()
    })
    this.watch.observe(element)
  }

  /** Fits the picture to its element's new size, with the zoom and place that the person chose. */
  private fit(): void {
    const chosen = this.viewport.getViewPresentation()
    this.engine.resize(true, false)
    if (this.instance !== null) this.viewport.setViewPresentation(chosen)
    this.viewport.render()
    this.events.onView()
  }

  /** Shows a frame (from 1), standing. Raises Problem where it cannot be fetched. */
  async show(instance: Instance, frame: number): Promise<void> {
    this.stop()
    this.token += 1
    const mine = this.token
    await this.store.get(instance, frame)
    if (mine !== this.token) return
    if (this.instance !== instance) {
      const ids = Array.from({ length: instance.frames }, (_, index) => imageIdOf(instance, index + 1))
      this.instance = instance
      await this.viewport.setStack(ids, frame - 1)
      this.viewport.setProperties({ voiRange: FULL })
    } else {
      await this.viewport.setImageIdIndex(frame - 1)
    }
    this.viewport.render()
    this.events.onFrame(frame, 0)
    this.events.onView()
  }

  /** Plays the clip in its own time from `frame` (from 1) on; frames that cannot be drawn in time are dropped and counted. */
  play(frame: number): void {
    const { instance } = this
    if (instance === null || instance.frames < 2) return
    this.store.prefetch(instance, frame)
    this.clock = new CineClock(instance.timing.cine)
    this.clock.start(frame - 1, performance.now())
    this.cine.hidden = false
    this.paint(instance, frame)
    const step = (now: number) => {
      const clock = this.clock
      if (clock === null) return
      const next = clock.tick(now, (index) => this.store.peek(instance, index + 1) !== undefined)
      if (next !== null) {
        this.paint(instance, next + 1)
        this.events.onFrame(next + 1, clock.dropped)
      }
      this.request = requestAnimationFrame(step)
    }
    this.request = requestAnimationFrame(step)
  }

  setTool(tool: Tool): void {
    const group = ToolGroupManager.getToolGroup(this.groupId)
    if (!group) return
    const { Primary, Secondary, Auxiliary } = ToolEnums.MouseBindings
    group.setToolPassive(NAMES[this.tool], { removeAllBindings: true })
    this.tool = tool
    const bindings: Record<string, ToolTypes.IToolBinding[]> = {
      [ZOOM]: [{ mouseButton: Secondary }],
      [PAN]: [{ mouseButton: Auxiliary }, { numTouchPoints: 2 }],
    }
    bindings[NAMES[tool]] = [...(bindings[NAMES[tool]] ?? []), { mouseButton: Primary }, { numTouchPoints: 1 }]
    for (const [name, list] of Object.entries(bindings)) group.setToolActive(name, { bindings: list })
  }

  reset(): void {
    this.viewport.resetCamera()
    this.viewport.setProperties({ voiRange: FULL, invert: false })
    this.viewport.render()
  }

  /** By keyboard: `factor` above 1 comes nearer. */
  zoom(factor: number): void {
    this.viewport.setZoom(this.viewport.getZoom() * factor)
    this.viewport.render()
  }

  removeMeasurement(id: string): void {
    annotation.state.removeAnnotation(id)
    this.viewport.render()
    this.measured()
  }

  /** Removes what is selected, else the last drawn. */
  removeSelected(): void {
    const selected = annotation.selection.getAnnotationsSelected()[0] ?? this.measurements().at(-1)?.id
    if (selected !== undefined) this.removeMeasurement(selected)
  }

  /** Where an image point lies on the element, in CSS pixels. */
  place(point: ImagePoint): [number, number] {
    const [x, y] = this.viewport.worldToCanvas(toWorld(point))
    return [x, y]
  }

  /** Window width and centre, as shown to people. */
  window(): { width: number; centre: number } {
    const { lower, upper } = this.viewport.getProperties().voiRange ?? FULL
    return { width: Math.round(upper - lower + 1), centre: Math.round((upper + lower + 1) / 2) }
  }

  relabel(): void {
    this.viewport.render()
  }

  close(): void {
    this.stop()
    this.watch.disconnect()
    for (const type of MEASURED) eventTarget.removeEventListener(type, this.measured)
    ToolGroupManager.destroyToolGroup(this.groupId)
    for (const type of VIEWED) this.element.removeEventListener(type, this.viewed)
    this.engine.disableElement(this.viewportId)
    unregister(this.instances)
  }

  private stop(): void {
    cancelAnimationFrame(this.request)
    this.clock = null
    this.cine.hidden = true
  }

  private readonly viewed = () => {
    const { clock, instance } = this
    if (clock && instance) this.paint(instance, clock.current + 1)
    this.events.onView()
  }

  private paint(instance: Instance, frame: number): void {
    const bitmap = this.store.peek(instance, frame)
    if (!bitmap) return
    const { columns, rows } = instance
    const corner = (column: number, row: number) => this.place({ column, row })
    const { voiRange, invert } = this.viewport.getProperties()
    this.painter.draw(bitmap, [corner(0, 0), corner(columns, 0), corner(0, rows), corner(columns, rows)], voiRange ?? FULL, invert ?? false)
  }

  private addTools(describe: () => Describe): void {
    const group = ToolGroupManager.createToolGroup(this.groupId)
    if (!group) throw new Error('tool group')
    const lines = (kind: 'length' | 'ellipse') => (data: { handles?: { points?: Types.Point3[] } }, targetId: string) => {
      const found = frameOf(targetId)
      const measured = found && measure(kind, data.handles?.points, found.instance, found.frame)
      return measured ? describe()(measured) : []
    }
    group.addTool(WINDOW)
    group.addTool(ZOOM)
    group.addTool(PAN)
    group.addTool(LengthTool.toolName, { getTextLines: lines('length') })
    group.addTool(EllipseTool.toolName, { getTextLines: lines('ellipse') })
    group.addViewport(this.viewportId, this.engine.id)
    group.setToolPassive(LengthTool.toolName)
    group.setToolPassive(EllipseTool.toolName)
    this.setTool('window')
  }

  private readonly measured = () => this.events.onMeasurements(this.measurements())

  private measurements(): Measurement[] {
    return annotation.state.getAllAnnotations().flatMap((one) => {
      const name = one.metadata?.toolName
      const kind = name === LengthTool.toolName ? 'length' : name === EllipseTool.toolName ? 'ellipse' : null
      const found = frameOf(one.metadata?.referencedImageId ?? '')
      if (kind === null || found === null || one.annotationUID === undefined) return []
      const measured = measure(kind, one.data.handles?.points, found.instance, found.frame)
      return measured ? [{ ...measured, id: one.annotationUID, sopInstanceUid: found.instance.sopInstanceUid, frame: found.frame }] : []
    })
  }
}

const { CAMERA_MODIFIED, VOI_MODIFIED, IMAGE_RENDERED } = CoreEnums.Events
const VIEWED = [CAMERA_MODIFIED, VOI_MODIFIED, IMAGE_RENDERED]
const { ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED } = ToolEnums.Events
const MEASURED = [ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED]

function measure(kind: 'length' | 'ellipse', points: Types.Point3[] | undefined, instance: Instance, frame: number): Measured | null {
  if (kind === 'length') {
    const [a, b] = points ?? []
    return a && b ? { kind, result: measureLength(instance.calibration, frame, toImage(a), toImage(b)) } : null
  }
  const axes = axesOf(points)
  return axes && { kind, result: measureEllipse(instance.calibration, frame, axes) }
}
