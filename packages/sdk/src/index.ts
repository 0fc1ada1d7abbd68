export { createPeta, type CallInput, type Peta, type PetaOptions } from './peta.ts'
export { PetaError } from './peta-error.ts'
