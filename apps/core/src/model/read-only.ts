import type { CatalogueItem } from './server.ts'

/** An administrator said that it reads, and nobody said that it also does something. */
export const isReadOnly = (item: Pick<CatalogueItem, 'labels'> | undefined): boolean =>
  item?.labels.includes('read') === true &&
  !item.labels.includes('write') &&
  !item.labels.includes('destructive')
