import { annotation, BidirectionalTool, drawing, type Types as ToolTypes } from '@cornerstonejs/tools'
import type { Types } from '@cornerstonejs/core'
import type { ImagePoint } from './calibration'
import { ellipseOutline } from './measure'

const OUTLINE_POINTS = 96

export const toImage = (world: Types.Point3): ImagePoint => ({ column: world[0] + 0.5, row: world[1] + 0.5 })
export const toWorld = (point: ImagePoint): Types.Point3 => [point.column - 0.5, point.row - 0.5, 0]

/** The two axes of an annotation as image points, or null while it is being begun. */
export function axesOf(points: Types.Point3[] | undefined): [ImagePoint, ImagePoint, ImagePoint, ImagePoint] | null {
  const [a, b, c, d] = (points ?? []).map(toImage)
  return a && b && c && d ? [a, b, c, d] : null
}

/** An ellipse drawn as sonographers do, by its two axes in any direction: Cornerstone's two crossed lines with the ellipse around them. */
export class EllipseTool extends BidirectionalTool {
  static override toolName = 'Ellipse'

  constructor(toolProps: ToolTypes.PublicToolProps = {}, defaultToolProps?: ToolTypes.ToolProps) {
    super(toolProps, defaultToolProps)
    const drawAxes = this.renderAnnotation
    this.renderAnnotation = (enabledElement, svgDrawingHelper) => {
      const drawn = drawAxes(enabledElement, svgDrawingHelper)
      const { viewport } = enabledElement
      const all = annotation.state.getAnnotations(this.getToolName(), viewport.element)
      const here = this.filterInteractableAnnotationsForElement(viewport.element, all) as ToolTypes.Annotations | undefined
      for (const one of here ?? []) {
        const axes = axesOf(one.data.handles?.points)
        if (!axes || one.annotationUID === undefined) continue
        const outline = ellipseOutline(axes, OUTLINE_POINTS).map((point) => viewport.worldToCanvas(toWorld(point)))
        drawing.drawPolyline(svgDrawingHelper, one.annotationUID, 'outline', outline, { color: 'rgb(255, 220, 80)', lineWidth: 2, closePath: true })
      }
      return drawn
    }
  }
}
