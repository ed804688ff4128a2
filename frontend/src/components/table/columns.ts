/** One column of a `DataTable`; its cells are drawn by the slot of its key. */
export interface Column {
  key: string
  label: string
  align?: 'left' | 'right'
  /** Longest cell, as CSS; what is longer is cut off with an ellipsis. */
  width?: string
  /** Cards on phones leave it out. */
  wideOnly?: boolean
  /** Whether its head sorts the rows. */
  sortable?: boolean
}
