import type { Finding } from '../api/types'
import type { Stage } from './Stage'
import type { Instance } from './study'

interface Props {
  stage: Stage
  /** Grows with every change of zoom and place, so that the contours are laid again. */
  view: number
  instance: Instance
  frame: number
  findings: Finding[]
  selected: string | null
}

/** The findings' contours on the picture they were found on; rejected ones are not drawn. */
export function ContourOverlay({ stage, view, instance, frame, findings, selected }: Props) {
  const here = findings.filter(({ anchor, state }) => {
    // An outline belongs to the frame that it was drawn on.
    return anchor.sop_instance_uid === instance.sopInstanceUid && anchor.key_frame === frame && anchor.contour.length > 2 && state !== 'rejected'
  })
  if (here.length === 0) return null
  // The chosen one is drawn last, over those of the same outline.
  here.sort((a, b) => Number(a.finding_id === selected) - Number(b.finding_id === selected))
  return (
    <svg className="picture-layer contours" aria-hidden data-view={view} data-testid="contours">
      {here.map(({ finding_id, anchor }) => (
        <polygon
          key={finding_id}
          className={finding_id === selected ? 'contour selected' : 'contour'}
          points={anchor.contour.map(([column, row]) => stage.place({ column, row }).join(',')).join(' ')}
        />
      ))}
    </svg>
  )
}
