/**
 * How private a column is (STO-27). `sensitive` and `secret` hold only vault blobs or hashes; the data map in the
 * docs is generated from these marks.
 */
export type ColumnClass = 'plain' | 'personal' | 'sensitive' | 'secret'

/** A mark for every column of every table of a family; a missing one is a type error. */
export type ColumnClasses<T> = {
  readonly [Table in keyof T]: { readonly [Column in keyof T[Table]]: ColumnClass }
}
