import { useTranslation } from 'react-i18next'
import { Thumbnail } from '../ui/Thumbnail'
import type { Instance } from './study'

interface Props {
  instances: Instance[]
  query: string
  current: string
  onChoose: (sopInstanceUid: string) => void
}

export function InstanceStrip({ instances, query, current, onChoose }: Props) {
  const { t } = useTranslation()
  if (instances.length < 2) return null
  return (
    <div className="strip" role="group" aria-label={t('viewer.images')}>
      {instances.map((instance, index) => {
        const label = t('exam.imageFrames', { number: index + 1, frames: instance.frames })
        return (
          <button
            key={instance.sopInstanceUid}
            type="button"
            className="strip-item"
            aria-current={instance.sopInstanceUid === current}
            aria-label={label}
            onClick={() => onChoose(instance.sopInstanceUid)}
          >
            <Thumbnail path={`${instance.path}/thumbnail${query}`} label="" />
            <span>{label}</span>
          </button>
        )
      })}
    </div>
  )
}
