export async function buildOpenApi(_output: string): Promise<void> {}
