import { useQuery } from '@tanstack/react-query'
import { getJson } from '../api/client'
import { GATE_MODES, type GateMode, type Model, type Page } from '../api/types'
import { useHas } from '../app/me'

/** Whether an agreement asks for more than the model's card allows. */
export const beyond = (asked: GateMode, most: GateMode): boolean => GATE_MODES.indexOf(asked) < GATE_MODES.indexOf(most)

/** For operators: how far the card of each installed model lets it go. */
export function useCardModes(): Record<string, GateMode | undefined> {
  const models = useQuery({
    queryKey: ['card-modes'],
    queryFn: ({ signal }) => getJson<Page<Model>>('/api/inference/v1/models', signal),
    enabled: useHas('operator'),
  })
  return Object.fromEntries((models.data?.items ?? []).map((one) => [one.name, one.most ?? undefined]))
}
