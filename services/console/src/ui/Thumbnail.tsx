import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { call } from '../api/client'

/** A picture that needs the person's token: fetched, then shown; a blank of the same size until then and when there is none. */
export function Thumbnail({ path, label }: { path: string; label: string }) {
  const image = useRef<HTMLImageElement>(null)
  const { data } = useQuery({
    queryKey: ['thumbnail', path],
    queryFn: async ({ signal }) => (await call(path, { headers: { Accept: 'image/jpeg' }, signal })).blob(),
    staleTime: Infinity,
    retry: false,
  })
  useEffect(() => {
    if (!data || !image.current) return
    const url = URL.createObjectURL(data)
    image.current.src = url
    return () => URL.revokeObjectURL(url)
  }, [data])
  return <span className="thumb-picture">{data && <img ref={image} alt={label} />}</span>
}
