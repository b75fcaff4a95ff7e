import { useQuery } from '@tanstack/react-query'
import { getJson } from '../api/client'
import { GATE_MODES, type GateMode, type Model, type Page } from '../api/types'
import { useHas } from '../app/me'

/** How a model runs: as an agreement asks, or where that goes beyond the model's card, as the card allows. */
export const runsAs = (asked: GateMode, most: GateMode): GateMode => GATE_MODES[Math.max(GATE_MODES.indexOf(asked), GATE_MODES.indexOf(most))] ?? 'shadow'

/** For operators: how far the card of each installed model lets it go. */
export function useCardModes(): Record<string, GateMode | undefined> {
  const models = useQuery({
    queryKey: ['card-modes'],
    queryFn: ({ signal }) => getJson<Page<Model>>('/api/inference/v1/models', signal),
    enabled: useHas('operator'),
  })
  return Object.fromEntries((models.data?.items ?? []).map((one) => [one.name, one.most]))
}
