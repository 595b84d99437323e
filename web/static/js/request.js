// Requests to REST. Every failure becomes an `ApiError`; `troubles.js` has the words to show.

const TIMEOUT_MS = 60_000;

/** A request that failed: HTTP status, 0 without an answer; the service's own error has a code. */
export class ApiError extends Error {
  constructor(message, status, code = null) {
    super(message);
    Object.assign(this, { status, code });
  }

  get sentence() {
    const { message } = this;
    return `${message[0].toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? "" : "."}`;
  }

  /** Whether the service and not the request is at fault, so that a retry may succeed. */
  get unavailable() {
    return this.status === 0 || this.status >= 500;
  }
}

/** Requests an address and returns the JSON of its answer; a service that is away has status 0. */
export async function request(address, options, { t }) {
  let response;
  const signals = [AbortSignal.timeout(TIMEOUT_MS), options.signal].filter(Boolean);
  try {
    response = await fetch(address, { ...options, signal: AbortSignal.any(signals) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(t("service_unreachable"), 0);
  }
  const body = await response.json().catch(() => null);
  if (!response.ok || body === null) {
    const { code, message } = body?.error ?? {};
    throw new ApiError(message ?? t("service_failed"), response.status, code);
  }
  return body;
}
