# fish completion of kproduce; generated, do not edit
function __kproduce_where
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
complete -c kproduce -s t -l topic -r -f -d 'the topic, instead of the argument'
complete -c kproduce -s K -l key-separator -r -f -d 'key and value on a line'
complete -c kproduce -s D -l delimiter -r -f -d 'between records; escapes as \n \x00'
complete -c kproduce -s 0 -l nul -f -d 'records end in NUL'
complete -c kproduce -s k -l key -r -f -d 'the key of every record'
complete -c kproduce -s H -l header -r -f -d 'a header of every record; N alone: null'
complete -c kproduce -s J -f -d 'record lines, as kconsume -J writes them'
complete -c kproduce -l input -r -f -a 'lines jsonl' -d 'lines or jsonl'
complete -c kproduce -s f -l format -r -f -d 'as '\''%k=%v\n'\'' or '\''%V{big32}%v'\''; see the manual'
complete -c kproduce -s s -r -f -d 'key=KIND, value=KIND: json, hex, base64, i64, f64, msgpack, cbor'
complete -c kproduce -l key-encoding -r -f -a 'utf8 hex base64' -d 'utf8, hex or base64'
complete -c kproduce -l value-encoding -r -f -a 'utf8 hex base64' -d 'utf8, hex or base64'
complete -c kproduce -l file-per-record -f -d 'each file is one value'
complete -c kproduce -s l -l lines -f -d 'files hold lines (the default)'
complete -c kproduce -s c -l count -r -f -d 'stop after so many records'
complete -c kproduce -l template -r -f -d 'made up: {{seq}} {{uuid}} {{rand 1 100}} {{now}} {{choice a b}}'
complete -c kproduce -l seed -r -f -d 'the same made-up records each time'
complete -c kproduce -s r -l rate -r -f -d 'no faster than this: 5000/s, 100/m'
complete -c kproduce -l duration -r -f -d 'stop after this time'
complete -c kproduce -s T -l tee -f -d 'write the input to stdout too'
complete -c kproduce -l strict -f -d 'unknown fields of record lines are errors'
complete -c kproduce -s p -l partition -r -f -d 'the partition of all records'
complete -c kproduce -l partitioner -r -f -a 'murmur2 sticky random roundrobin crc32' -d 'murmur2, sticky, random, roundrobin, crc32'
complete -c kproduce -s z -l compression -r -f -a 'none gzip snappy lz4 zstd' -d 'none, gzip, snappy, lz4, zstd'
complete -c kproduce -s Z -l tombstone -f -d 'an empty value is null'
complete -c kproduce -l null -r -f -d 'this value is null'
complete -c kproduce -l null-key -r -f -d 'this key is null'
complete -c kproduce -l delete-key -r -f -d 'send one tombstone for this key'
complete -c kproduce -l acks -r -f -a 'all -1 1 0' -d 'all, 1 or 0'
complete -c kproduce -l no-idempotence -f -d 'retries may double records'
complete -c kproduce -l timestamp -r -f -d 'of every record'
complete -c kproduce -l delivery-timeout -r -f -d 'limit from reading to acknowledgement'
complete -c kproduce -l report -r -f -d 'a line for each acknowledged record; as '\''%t %p %o %i\n'\'''
complete -c kproduce -l dead-letter -r -d 'append the input of records that fail'
complete -c kproduce -l create -r -f -d 'create the topic when it is not there'
complete -c kproduce -l ignore-partition -f -d 'record lines choose their partition anew'
complete -c kproduce -l topic-from-record -f -d 'record lines name their topic'
complete -c kproduce -s b -l bootstrap-server -r -f -d 'brokers to begin with, by commas'
complete -c kproduce -s X -r -f -d 'any client property; '\''list'\'' and '\''dump'\'' show them'
complete -c kproduce -s F -l command-config -r -d 'client properties from a file'
complete -c kproduce -s C -l profile -r -f -d 'profile of the configuration file'
complete -c kproduce -l connect-timeout -r -f -d 'limit for connecting'
complete -c kproduce -l color -r -f -a 'auto always never' -d 'auto, always or never'
complete -c kproduce -s q -l quiet -f -d 'no notices on stderr'
complete -c kproduce -s v -l verbose -f -d 'what the client does; twice: its requests'
complete -c kproduce -f -a '(ktopics list -o name --timeout 300ms -q (__kproduce_where) 2>/dev/null)'
