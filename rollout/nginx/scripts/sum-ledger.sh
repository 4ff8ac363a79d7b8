# sum_ledger <inode> <offset>: reads lines of nginx's ledger and prints their sums, compactly, because they travel:
#   file <inode>:<offset of the next line> <first second>
#   u <address:port>, or u - for requests that no host got; p instead of u for those of the rollout; numbered from 1
#   <seconds after the first> <number> <requests> <bytes> <latencies> [<lost> <errors> <cut> <retries>]
#   w <lost> <errors> <path>, for the paths that failed most, if lines have paths
# Latencies are a bucket in two letters, its count unless that is 1, and so on.
# A line that ends in neither |; nor |p; is not complete: it is the last one, or the disk was full.
sum_ledger() {
  LC_ALL=C awk -F '|' -v inode="$1" -v offset="$2" '
    { if (held) { used += held; held = 0 } }
    !/\|p?;$/ { held = length($0) + 1; next }
    { used += length($0) + 1 }
    NF < 12 || NF > 13 || $1 !~ /^[0-9.]+$/ { next }
    {
      tries = split($2, places, /[,:] /)
      place = "-"
      for (i = tries; i > 0 && place == "-"; i--) if (places[i] ~ /:[0-9]+$/) place = places[i]
      place = ($NF == "p;" ? "p " : "u ") place
      answered = last($6) ~ /^[0-9]/ && last($8) + 0 > 0
      if (!(place in numbers)) { numbers[place] = ++known; names[known] = place }
      second = int($1)
      key = second " " numbers[place]
      if (!(key in requests)) order[++rows] = key
      requests[key]++
      bytes[key] += $10
      if (tries > 1) retries[key] += tries - 1
      if ($3 >= 500 && !answered) lost[key]++
      else if ($3 >= 500) errors[key]++
      if ($3 >= 500 && NF == 13 && (($12 in failures) || paths < 1000)) {
        if (!($12 in failures)) path_of[++paths] = $12
        failures[$12]++
        if (!answered) path_lost[$12]++
      }
      if ($11 != "OK" && $3 != 101 && ($3 < 500 || answered)) cut[key]++
      # Neither a connection that was upgraded nor a client that went away says how long an answer took.
      if ($3 != 101 && $3 != 499) {
        milliseconds = int($5 * 1000 + 0.5)
        if (!(milliseconds in bucket_of)) bucket_of[milliseconds] = find_bucket(milliseconds)
        bucket = bucket_of[milliseconds]
        if (!((key, bucket) in counts)) buckets[key] = buckets[key] " " bucket
        counts[key, bucket]++
      }
    }
    END {
      split(order[1], first, " ")
      printf "file %s:%.0f %d\n", inode, offset + used, first[1]
      for (i = 1; i <= known; i++) print names[i]
      for (i = 1; i <= rows; i++) {
        key = order[i]
        split(key, parts, " ")
        line = ""
        n = split(buckets[key], list, " ")
        for (j = 1; j <= n; j++) {
          count = counts[key, list[j]]
          line = line letter(int(list[j] / 26)) letter(list[j] % 26) (count > 1 ? count : "")
        }
        rare = lost[key] + errors[key] + cut[key] + retries[key] == 0 ? "" : \
          sprintf(" %d %d %d %d", lost[key], errors[key], cut[key], retries[key])
        printf "%d %d %d %.0f %s%s\n", parts[1] - first[1], parts[2], requests[key], bytes[key], line == "" ? "-" : line, rare
      }
      for (printed = 0; printed < 20 && printed < paths; printed++) {
        worst = path_of[1]
        for (i = 2; i <= paths; i++) if (failures[path_of[i]] > failures[worst]) worst = path_of[i]
        printf "w %d %d %s\n", path_lost[worst], failures[worst] - path_lost[worst], worst
        failures[worst] = -1
      }
    }
    function letter(number) { return substr("abcdefghijklmnopqrstuvwxyz", number + 1, 1) }
    # As latency.ts does, but some awk have no logarithm.
    function find_bucket(milliseconds,  bucket, limit) {
      bucket = 0
      for (limit = 1; milliseconds >= limit; limit *= 1.08) bucket++
      return bucket
    }
    function last(list,  parts, n) { n = split(list, parts, /[,:] /); return n > 0 ? parts[n] : "-" }'
}
