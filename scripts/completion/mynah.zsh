#compdef mynah mynahd
# Completion for mynah and mynahd in zsh. Commands, options and questions are read from the
# program's own help, so there is no second list of them.

# "  -o, --output MODEL   where it goes" becomes "--output:where it goes"
_mynah_options() {
	local -a options
	options=(${(f)"$("$@" --help 2>/dev/null |
	    sed -nE 's/^  (-.,|   ) (--[a-z-]+)( [^ ]+)?  +(.*)/\2:\4/p')"})
	_describe option options
}

_mynah_commands() {
	local -a commands
	commands=(${(f)"$("$program" --help 2>/dev/null | sed -nE 's/^  mynah ([a-z]+).*/\1/p')"})
	_describe command commands
}

_mynah_questions() {
	local -a questions
	questions=(${(f)"$("$program" ctl --help 2>/dev/null |
	    sed -nE '/^Commands:/,$s/^  ([a-z]+).*/\1/p')"})
	_describe question questions
}

_mynah() {
	local program=$words[1]
	if [[ $service == mynahd ]]; then
		case $words[CURRENT-1] in
		-c|--config)	_files -g '*.(yaml|yml)' ;;
		*)		_mynah_options $program ;;
		esac
	elif (( CURRENT == 2 )); then
		_mynah_commands
	elif [[ $PREFIX == -* ]]; then
		_mynah_options $program $words[2]
	else
		case $words[2]:$words[CURRENT-1] in
		(learn|eval):(-L|--learner))	compadd auto prisma scriptgen mining ;;
		learn:(-c|--clusterer))	compadd nmf linkage first-token reply-supervised template ;;
		learn:(-k|--order))	compadd 1 2 4 ;;
		(learn|eval):(-d|--definition))	_files -g '*.service' ;;
		learn:(-b|--basis))	_files -g '*.mynah' ;;
		simulate:(-S|--server))	compadd runtime prisma ;;
		simulate:(-t|--transcripts))	_files ;;
		ctl:(load|-s|--socket))	_files ;;
		ctl:*)			_mynah_questions ;;
		compile:*)		_files -g '*.txt' ;;
		learn:*)		_files -g '*.(pcap|pcapng|cap|gz)' ;;
		eval:*|replay:*)	_files -g '*.(mynah|pcap|pcapng|cap|gz)' ;;
		*)			_files -g '*.mynah' ;;
		esac
	fi
}

_mynah "$@"
