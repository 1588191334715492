# fish completion of kperf; generated, do not edit
function __kperf_where
    set -l words (commandline -opc)
    for i in (seq (count $words))
        switch $words[$i]
            case -b --bootstrap-server -C --profile -F --command-config -X
                printf '%s\n' $words[$i..(math $i + 1)]
            case '--bootstrap-server=*' '--profile=*' '--command-config=*'
                echo $words[$i]
        end
    end
end
complete -c kperf -s b -l bootstrap-server -r -f -d 'brokers to begin with, by commas'
complete -c kperf -s X -r -f -d 'any client property; '\''list'\'' and '\''dump'\'' show them'
complete -c kperf -s F -l command-config -r -d 'client properties from a file'
complete -c kperf -s C -l profile -r -f -d 'profile of the configuration file'
complete -c kperf -l host-map -r -f -d 'connect to B where A is named, as kafka:9092=127.0.0.1:19092'
complete -c kperf -l force-bootstrap -f -d 'connect to the bootstrap address whatever brokers call themselves'
complete -c kperf -l as-version -r -f -d 'speak as the clients of this release of Kafka'
complete -c kperf -s o -l output -r -f -a 'table wide json jsonl yaml csv name help' -d 'table, wide, json, jsonl, yaml, csv, name, or help for the fields'
complete -c kperf -l no-header -f -d 'tables and CSV without their first line'
complete -c kperf -l connect-timeout -r -f -d 'limit for connecting'
complete -c kperf -l color -r -f -a 'auto always never' -d 'auto, always or never'
complete -c kperf -s q -l quiet -f -d 'no notices on stderr'
complete -c kperf -s v -l verbose -f -d 'what the client does; -vv: its requests; -vvv: what they say'
complete -c kperf -n __fish_use_subcommand -f -a produce -d 'Send records; latency counts from when each was due.'
complete -c kperf -n __fish_use_subcommand -f -a consume -d 'Read a topic as fast as it goes.'
complete -c kperf -n __fish_use_subcommand -f -a e2e -d 'Send and read at once; latency from due to read.'
complete -c kperf -n '__fish_seen_subcommand_from produce' -s c -l num-records -r -f -d 'how many'
complete -c kperf -n '__fish_seen_subcommand_from produce' -s s -l record-size -r -f -d 'bytes of a value'
complete -c kperf -n '__fish_seen_subcommand_from produce' -s r -l throughput -r -f -d 'records a second, as 5000/s; -1: no limit'
complete -c kperf -n '__fish_seen_subcommand_from produce' -l duration -r -f -d 'end after so long'
complete -c kperf -n '__fish_seen_subcommand_from produce' -s a -l acks -r -f -d 'all, 1 or 0'
complete -c kperf -n '__fish_seen_subcommand_from produce' -s z -l compression -r -f -d 'none, gzip, snappy, lz4, zstd'
complete -c kperf -n '__fish_seen_subcommand_from produce' -l batch-size -r -f -d 'batch.size'
complete -c kperf -n '__fish_seen_subcommand_from produce' -l linger -r -f -d 'linger.ms'
complete -c kperf -n '__fish_seen_subcommand_from produce' -l keys -r -f -d 'so many different keys; 0: none'
complete -c kperf -n '__fish_seen_subcommand_from produce' -l warmup-records -r -f -d 'records before latency counts'
complete -c kperf -n '__fish_seen_subcommand_from produce' -l reporting-interval -r -f -d 'between progress lines'
complete -c kperf -n '__fish_seen_subcommand_from produce' -f -a '(ktopics list -o name --timeout 300ms -q (__kperf_where) 2>/dev/null)'
complete -c kperf -n '__fish_seen_subcommand_from consume' -s c -l num-records -r -f -d 'stop after so many'
complete -c kperf -n '__fish_seen_subcommand_from consume' -s g -l group -r -f -a '(kgroups list -o name --timeout 300ms -q (__kperf_where) 2>/dev/null)' -d 'as its member'
complete -c kperf -n '__fish_seen_subcommand_from consume' -l timeout -r -f -d 'stop after so long without a record'
complete -c kperf -n '__fish_seen_subcommand_from consume' -f -a '(ktopics list -o name --timeout 300ms -q (__kperf_where) 2>/dev/null)'
complete -c kperf -n '__fish_seen_subcommand_from e2e' -s c -l num-records -r -f -d 'how many'
complete -c kperf -n '__fish_seen_subcommand_from e2e' -s s -l record-size -r -f -d 'bytes of a value'
complete -c kperf -n '__fish_seen_subcommand_from e2e' -s r -l throughput -r -f -d 'records a second, as 5000/s; -1: no limit'
complete -c kperf -n '__fish_seen_subcommand_from e2e' -l duration -r -f -d 'end after so long'
complete -c kperf -n '__fish_seen_subcommand_from e2e' -s a -l acks -r -f -d 'all, 1 or 0'
complete -c kperf -n '__fish_seen_subcommand_from e2e' -s z -l compression -r -f -d 'none, gzip, snappy, lz4, zstd'
complete -c kperf -n '__fish_seen_subcommand_from e2e' -l batch-size -r -f -d 'batch.size'
complete -c kperf -n '__fish_seen_subcommand_from e2e' -l linger -r -f -d 'linger.ms'
complete -c kperf -n '__fish_seen_subcommand_from e2e' -l keys -r -f -d 'so many different keys; 0: none'
complete -c kperf -n '__fish_seen_subcommand_from e2e' -l warmup-records -r -f -d 'records before latency counts'
complete -c kperf -n '__fish_seen_subcommand_from e2e' -l reporting-interval -r -f -d 'between progress lines'
complete -c kperf -n '__fish_seen_subcommand_from e2e' -f -a '(ktopics list -o name --timeout 300ms -q (__kperf_where) 2>/dev/null)'
