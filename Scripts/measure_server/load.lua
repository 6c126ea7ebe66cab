-- wrk -s load.lua URL -- KIND STEPS: each connection's request is the next step of a session that no other request is
-- under way for. KIND is v2 or litserve. STEPS is a file with two lines for each step of a sequence that all sessions go
-- through again and again: the input, and the output that must come back to the last digit.

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  kind = arguments[1]
  inputs, outputs = {}, {}
  for line in io.lines(arguments[2]) do
    table.insert(#inputs == #outputs and inputs or outputs, line)
  end
  -- Sessions that no request is under way for, and the steps that each has taken.
  free, steps, sessions = {}, {}, 0
  failures, mismatches, example = 0, 0, ""
  headers = { ["Content-Type"] = "application/json" }
end

function request()
  local id = table.remove(free)
  if not id then
    sessions = sessions + 1
    id = (number + 1) * 1000000 + sessions
    steps[id] = 0
  end
  local t = steps[id] % #inputs
  local start = t == 0 and "true" or "false"
  if kind == "v2" then
    return wrk.format(
      "POST", nil, headers,
      '{"parameters":{"sequence_id":' .. id .. ',"sequence_start":' .. start
        .. '},"inputs":[{"name":"INPUT","datatype":"FP32","shape":[1,3],"data":' .. inputs[t + 1] .. '}]}')
  end
  return wrk.format(
    "POST", nil, headers, '{"session":' .. id .. ',"start":' .. start .. ',"data":' .. inputs[t + 1] .. '}')
end

function response(status, _, body)
  local id = tonumber(body:match(kind == "v2" and '"sequence_id":"(%d+)"' or '"session":(%d+)'))
  if status ~= 200 or not id then
    failures = failures + 1
    example = body
    return
  end
  if kind == "v2" and body:match('"data":(%b[])') ~= outputs[steps[id] % #inputs + 1] then
    mismatches = mismatches + 1
  end
  steps[id] = steps[id] + 1
  table.insert(free, id)
end

function done(summary, latency, _)
  local failed, wrong, opened = 0, 0, 0
  for _, thread in ipairs(threads) do
    failed = failed + thread:get("failures")
    wrong = wrong + thread:get("mismatches")
    opened = opened + thread:get("sessions")
    if thread:get("example") ~= "" then io.stderr:write(thread:get("example"):sub(1, 200), "\n") end
  end
  local errors = summary.errors
  print(string.format(
    '{"requests_per_second": %.0f, "p50_ms": %.2f, "p99_ms": %.2f, "max_ms": %.2f, "requests": %d, "sessions": %d, '
      .. '"refused": %d, "wrong": %d, "connection_errors": %d, "timeouts": %d}',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3, summary.requests, opened, failed, wrong, errors.connect + errors.read + errors.write,
    errors.timeout))
end
