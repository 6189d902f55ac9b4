-- wrk script: asks for the paths of a file, one after the other, round and round.
-- Arguments: METHOD PATHS_FILE [BODY_FILE MEDIA_TYPE]
local method, body = nil, nil
local paths, formatted, turn = {}, {}, 0

function init(args)
  method = args[1]
  for path in io.lines(args[2]) do
    paths[#paths + 1] = path
  end
  if args[3] then
    local file = assert(io.open(args[3], "rb"))
    body = file:read("*a")
    file:close()
    wrk.headers["Content-Type"] = args[4]
  end
end

function request()
  turn = turn % #paths + 1
  formatted[turn] = formatted[turn] or wrk.format(method, paths[turn], nil, body)
  return formatted[turn]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"badStatus":%d,"broken":%d,"p50Ms":%.3f,"p99Ms":%.3f}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
