import { useQuery } from '@tanstack/react-query'
import { Card, Flex } from 'antd'
import { useTranslation } from 'react-i18next'
import { instancesOfStudy } from '../viewer/study'
import { ErrorNotice, Loading, Nothing } from '../ui/Notice'
import { Thumbnail } from '../ui/Thumbnail'

/** Small pictures of everything in the study, so that the clinic sees what arrived. */
export function ExamImages({ studyUid, instances }: { studyUid: string; instances: number }) {
  const { t } = useTranslation()
  const study = useQuery({ queryKey: ['study', studyUid, instances], queryFn: ({ signal }) => instancesOfStudy(studyUid, null, signal) })
  return (
    <Card title={t('exam.images')}>
      {study.isPending && <Loading />}
      {study.error && <ErrorNotice error={study.error} onRetry={() => void study.refetch()} />}
      {study.data?.length === 0 && <Nothing>{t('exam.noImages')}</Nothing>}
      <Flex wrap gap={12}>
        {study.data?.map((instance) => (
          <figure key={instance.sopInstanceUid} className="thumb">
            <Thumbnail path={`${instance.path}/thumbnail`} label={t('exam.image', { number: instance.number })} />
            <figcaption>{t('exam.imageFrames', { number: instance.number, frames: instance.frames })}</figcaption>
          </figure>
        ))}
      </Flex>
    </Card>
  )
}
