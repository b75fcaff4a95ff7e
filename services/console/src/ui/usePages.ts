import { useInfiniteQuery } from '@tanstack/react-query'
import { getJson, withQuery } from '../api/client'
import type { Page } from '../api/types'

type Query = Record<string, string | number | boolean | null | undefined>

/** A list that the service gives by cursor, as DataTable wants it. */
// The answer's shape is the caller's knowledge of the route; there is nothing here to infer it from.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
export function usePages<Row>(path: string, query: Query = {}, refetchInterval: number | false = false) {
  const result = useInfiniteQuery({
    queryKey: [path, query],
    queryFn: ({ pageParam, signal }) => getJson<Page<Row>>(withQuery(path, { ...query, cursor: pageParam }), signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    refetchInterval,
  })
  return {
    rows: result.data?.pages.flatMap((page) => page.items) ?? [],
    loading: result.isPending || result.isFetchingNextPage,
    error: result.error,
    hasMore: result.hasNextPage,
    onMore: () => void result.fetchNextPage(),
    onRetry: () => void result.refetch(),
  }
}
